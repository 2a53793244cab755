//! Arithmetic on numbers, lists and tensors, the same in every runtime (`docs/nodes.md`, "Arithmetic").

use remotemedia_engine::array::{DType, Tensor};
use remotemedia_engine::buffer::Buffer;
use remotemedia_engine::error::Failure;
use remotemedia_engine::issue::index_path;
use remotemedia_engine::value::Value;

/// What is computed, with the item on the left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Modulo,
}

impl Operation {
    pub(crate) fn from_name(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "add" => Self::Add,
            "subtract" => Self::Subtract,
            "multiply" => Self::Multiply,
            "divide" => Self::Divide,
            "power" => Self::Power,
            "modulo" => Self::Modulo,
            _ => {
                let known = "add, subtract, multiply, divide, power, modulo";
                return Err(Failure::new(format!("unknown operation {name:?}; there are {known}")));
            }
        })
    }
}

/// `item` `operation` `operand`, element by element in lists and tensors.
pub(crate) fn apply(operation: Operation, item: &Value, operand: f64) -> Result<Value, Failure> {
    at(operation, item, operand, "$")
}

fn at(operation: Operation, item: &Value, operand: f64, path: &str) -> Result<Value, Failure> {
    match item {
        Value::Int(int) => scalar(operation, *int as f64, operand).map_err(|failure| failure.at(path)),
        Value::Float(float) => scalar(operation, *float, operand).map_err(|failure| failure.at(path)),
        Value::List(items) => {
            let items = items.iter().enumerate();
            let results = items.map(|(index, item)| match item {
                // No path is written for the elements that succeed.
                Value::List(_) => at(operation, item, operand, &index_path(path, index)),
                _ => at(operation, item, operand, "").map_err(|failure| failure.at(index_path(path, index))),
            });
            Ok(results.collect::<Result<Vec<_>, _>>()?.into())
        }
        Value::Tensor(tensor) => elementwise(operation, tensor, operand),
        other => Err(Failure::new(format!("cannot compute with {}", other.kind())).at(path)),
    }
}

fn scalar(operation: Operation, a: f64, b: f64) -> Result<Value, Failure> {
    let result = match operation {
        Operation::Divide | Operation::Modulo if b == 0.0 => return Err(Failure::new("division by zero")),
        Operation::Power => {
            let result = a.powf(b);
            if a.is_finite() && b.is_finite() && !result.is_finite() {
                return Err(Failure::new("the power is not a finite real number"));
            }
            result
        }
        _ => compute(operation, a, b),
    };
    Ok(whole(result))
}

/// A whole result of magnitude below 2^53 is an integer.
pub(crate) fn whole(result: f64) -> Value {
    let is_whole = result.fract() == 0.0 && result.abs() < 9_007_199_254_740_992.0;
    if is_whole { Value::Int(result as i64) } else { Value::Float(result) }
}

fn compute(operation: Operation, a: f64, b: f64) -> f64 {
    match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Power => a.powf(b),
        Operation::Modulo => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
                rest + b
            } else {
                rest.copysign(if rest == 0.0 { b } else { rest })
            }
        }
    }
}

fn compute_f32(operation: Operation, a: f32, b: f32) -> f32 {
    match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Power => a.powf(b),
        Operation::Modulo => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
                rest + b
            } else {
                rest.copysign(if rest == 0.0 { b } else { rest })
            }
        }
    }
}

/// f32 stays f32, everything else becomes f64; IEEE 754 throughout.
fn elementwise(operation: Operation, tensor: &Tensor, operand: f64) -> Result<Value, Failure> {
    let (dtype, data) = if tensor.dtype() == DType::F32 {
        let operand = operand as f32;
        let elements = tensor.data().elements::<f32>();
        (
            DType::F32,
            Buffer::from(elements.iter().map(|&a| compute_f32(operation, a, operand)).collect::<Vec<_>>()),
        )
    } else {
        let elements = tensor.to_f64();
        (DType::F64, elements.into_iter().map(|a| compute(operation, a, operand)).collect::<Vec<_>>().into())
    };
    let result = Tensor::new(dtype, tensor.shape().to_vec(), data);
    result.map(Value::from).ok_or_else(|| Failure::new("a tensor changed its size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(operation: &str, a: f64, b: f64) -> Result<Value, String> {
        let operation = Operation::from_name(operation).unwrap();
        apply(operation, &Value::Float(a), b).map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn whole_results_become_integers() {
        assert!(matches!(number("multiply", 2.5, 2.0), Ok(Value::Int(5))));
        assert!(matches!(number("multiply", 0.0, -1.0), Ok(Value::Int(0))));
        assert!(matches!(number("add", 9_007_199_254_740_991.0, 0.0), Ok(Value::Int(9_007_199_254_740_991))));
        assert!(matches!(number("add", 9_007_199_254_740_991.0, 1.0), Ok(Value::Float(_))));
        assert_eq!(number("multiply", 1e308, 10.0), Ok(Value::Float(f64::INFINITY)));
    }

    #[test]
    fn modulo_has_the_sign_of_the_divisor() {
        for (a, b, expected) in
            [(7.0, 3.0, 1), (-7.0, 3.0, 2), (7.0, -3.0, -2), (-7.0, -3.0, -1), (-6.0, 3.0, 0)]
        {
            assert_eq!(number("modulo", a, b), Ok(Value::Int(expected)), "{a} mod {b}");
        }
    }

    #[test]
    fn what_has_no_finite_real_result_is_refused() {
        assert!(number("divide", 1.0, 0.0).is_err());
        assert!(number("modulo", 1.0, -0.0).is_err());
        assert!(number("power", -8.0, 1.0 / 3.0).is_err());
        assert!(number("power", 0.0, -1.0).is_err());
        assert!(number("power", 10.0, 1000.0).is_err());
        assert_eq!(number("power", f64::INFINITY, 2.0), Ok(Value::Float(f64::INFINITY)));
    }

    #[test]
    fn a_failure_names_the_element() {
        let list: Value = vec![Value::Int(1), vec![Value::Null].into()].into();
        assert_eq!(
            apply(Operation::Add, &list, 1.0),
            Err(Failure::new("cannot compute with null").at("$[1][0]"))
        );
    }

    #[test]
    fn integer_tensors_become_f64_and_f32_stays() {
        let ints: Value = Tensor::new(DType::I16, vec![2], Buffer::copy_of(&[1, 0, 2, 0])).unwrap().into();
        let doubled: Value = Tensor::new(DType::F64, vec![2], vec![2.0, 4.0].into()).unwrap().into();
        assert_eq!(apply(Operation::Multiply, &ints, 2.0), Ok(doubled));
        let floats: Value = Tensor::new(DType::F32, vec![1], vec![0.1f32].into()).unwrap().into();
        let sum: Value = Tensor::new(DType::F32, vec![1], vec![0.1f32 + 0.2f32].into()).unwrap().into();
        assert_eq!(apply(Operation::Add, &floats, 0.2), Ok(sum));
    }
}
