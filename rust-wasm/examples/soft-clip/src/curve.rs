//! A curve of straight lines between points, and the area under it.

use remotemedia_module::Failure;

/// Where the curve bends, and how large the area is from the first point up to there.
struct Point {
    x: f64,
    y: f64,
    area: f64,
}

/// What every level becomes. Outside its points the curve stays what it is at the first and the last.
pub(crate) struct Curve {
    points: Vec<Point>,
}

impl Curve {
    /// Reads lines `x y`, x rising; `#` begins a comment.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut points: Vec<Point> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let plain = line.split('#').next().unwrap_or_default();
            let numbers: Vec<f64> = plain.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let words = plain.split_whitespace().count();
            let (area, after) = match points.last() {
                Some(last) => (last.area, last.x),
                None => (0.0, f64::NEG_INFINITY),
            };
            match numbers[..] {
                [] if words == 0 => {}
                [x, y] if words == 2 && x.is_finite() && y.is_finite() && x > after => {
                    let more = points.last().map_or(0.0, |last| (x - last.x) * (last.y + y) / 2.0);
                    points.push(Point { x, y, area: area + more });
                }
                _ => {
                    return Err(Failure::new(format!(
                        "line {number} of the curve is not `x y` with x rising"
                    )));
                }
            }
        }
        if points.len() < 2 {
            return Err(Failure::new("a curve has two points at least"));
        }
        Ok(Self { points })
    }

    /// The curve at `x`.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let (point, slope) = self.line(x);
        point.y + slope * (x - point.x)
    }

    /// The area under the curve from its first point to `x`.
    pub(crate) fn area(&self, x: f64) -> f64 {
        let (point, slope) = self.line(x);
        let width = x - point.x;
        point.area + width * (point.y + slope * width / 2.0)
    }

    /// The point from which the line at `x` starts, and how steep it is.
    fn line(&self, x: f64) -> (&Point, f64) {
        let behind = self.points.partition_point(|point| point.x <= x);
        // There are two points at least, so one of both is there.
        let before = self.points.get(behind.saturating_sub(1)).or(self.points.first());
        let (Some(start), next) = (before, self.points.get(behind)) else {
            return (&Point { x: 0.0, y: 0.0, area: 0.0 }, 0.0);
        };
        match next {
            Some(end) if behind > 0 => (start, (end.y - start.y) / (end.x - start.x)),
            _ => (start, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENT: &str = "# rises, then falls\n-1 0\n0 2   # the top\n\n2 0\n";

    #[test]
    fn lines_join_the_points() {
        let curve = Curve::parse(TENT).unwrap();
        let at: Vec<f64> = [-9.0, -1.0, -0.5, 0.0, 1.0, 2.0, 9.0].iter().map(|&x| curve.at(x)).collect();
        assert_eq!(at, [0.0, 0.0, 1.0, 2.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_area_goes_on_outside() {
        let curve = Curve::parse("0 1\n1 3\n").unwrap();
        let area: Vec<f64> = [-2.0, 0.0, 0.5, 1.0, 2.0].iter().map(|&x| curve.area(x)).collect();
        assert_eq!(area, [-2.0, 0.0, 0.75, 2.0, 5.0]);
    }

    #[test]
    fn what_is_no_curve_is_refused() {
        for (text, message) in [
            ("", "two points"),
            ("0 0", "two points"),
            ("0 0\n0 1", "line 2"),
            ("0 0\n1", "line 2"),
            ("0 x 0", "line 1"),
            ("0 inf\n1 1", "line 1"),
        ] {
            let Err(failure) = Curve::parse(text) else { panic!("{text:?} is a curve") };
            assert!(format!("{failure:?}").contains(message), "{failure:?}");
        }
    }
}
