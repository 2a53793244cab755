//! `ClippingDetectorNode`: where audio has been cut off at full scale.

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_runs::{Rule, times};
use crate::audio_stream::{AudioStream, channels, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "ClippingDetectorNode", "aliases": [],
        "summary": "Finds where audio is cut off at full scale.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "threshold": {"type": "number", "exclusiveMinimum": 0, "default": 0.99,
                          "description": "Magnitude from which on a sample may be clipped; full scale is 1."},
            "min_run": {"type": "integer", "minimum": 1, "maximum": 4294967295, "default": 3, "unit": "samples",
                        "description": "How many such samples must follow each other."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(ClippingDetector::new(params)?)),
};

/// Runs that one output lists; what is clipped all over would give more than anyone reads.
const MOST_RUNS: usize = 100;

struct ClippingDetector {
    rule: Rule,
    min_run: u64,
    input_rate: Option<u32>,
    running: Option<Running>,
}

/// A stream under way.
struct Running {
    stream: AudioStream,
    /// Per channel the length of the run that lasts.
    runs: Vec<u64>,
}

/// What is found in one item.
#[derive(Default)]
struct Found {
    samples: u64,
    count: i64,
    runs: Vec<Value>,
}

impl ClippingDetector {
    fn new(params: &Params) -> Result<Self, Failure> {
        Ok(Self {
            rule: Rule { threshold: params.number("threshold")? as f32, loud: true },
            min_run: params.positive("min_run")?.unwrap_or(3).into(),
            input_rate: params.positive("input_sample_rate")?,
            running: None,
        })
    }

    /// Finds the runs of all channels; gives the samples counted per channel, too.
    fn find(&self, running: &mut Running, audio: &Audio) -> (Vec<Value>, Found) {
        let first = running.stream.frames();
        running.stream.add(audio);
        let (stream, samples) = (running.stream, audio.data().elements::<f32>());
        let mut found = Found::default();
        let mut of_channel = |(channel, (samples, run)): (usize, (&[f32], &mut u64))| {
            let before = found.samples;
            let mut note = |start: u64, end: u64| {
                // One that ended just before the item has no sample in it.
                if end > first && end - start >= self.min_run {
                    found.note(&stream, channel, first, (start, end), self.min_run);
                }
            };
            self.rule.scan(samples, first, run, &mut note);
            note(stream.frames() - *run, stream.frames());
            Value::Int((found.samples - before) as i64)
        };
        let inputs = channels(&samples, audio.frames(), audio.channels());
        let counts = inputs.zip(&mut running.runs).enumerate().map(&mut of_channel).collect();
        (counts, found)
    }
}

impl Found {
    fn note(&mut self, stream: &AudioStream, channel: usize, first: u64, run: (u64, u64), min_run: u64) {
        let (start, end) = run;
        // What an earlier item has counted: all it had of the run, if that was long enough.
        let earlier = first.saturating_sub(start);
        self.samples += end - start - if earlier >= min_run { earlier } else { 0 };
        self.count += 1;
        if self.runs.len() < MOST_RUNS {
            let [start, end] = times(stream, start, end);
            self.runs.push(Value::map([("channel", (channel as i64).into()), start, end]));
        }
    }
}

impl Node for ClippingDetector {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let goes_on = self.running.take().filter(|running| running.stream.is_continued_by(&audio));
        let fresh = || Running { stream: AudioStream::of(&audio), runs: vec![0; audio.channels()] };
        let mut running = goes_on.unwrap_or_else(fresh);
        let (counts, found) = self.find(&mut running, &audio);
        self.running = Some(running);
        out.emit(Value::map([
            ("audio", Value::Audio(audio)),
            ("is_clipped", (found.samples > 0).into()),
            ("clipped_samples", counts.into()),
            ("run_count", found.count.into()),
            ("runs", found.runs.into()),
        ]));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Signal, item, list, number, numbers, params, run, samples, timed};

    fn detector(min_run: u32) -> ClippingDetector {
        ClippingDetector::new(&params(serde_json::json!({"threshold": 0.99, "min_run": min_run}))).unwrap()
    }

    type Report = (Vec<f64>, Vec<(f64, f64, f64)>);

    /// Samples per channel; channel, start and end of the runs.
    fn report(output: &Value) -> Report {
        let times = |run: &Value| (number(run, "channel"), number(run, "start_s"), number(run, "end_s"));
        let runs: Vec<_> = list(output, "runs").iter().map(times).collect();
        let counts = numbers(output, "clipped_samples");
        let is_clipped = matches!(output.get("is_clipped"), Some(Value::Bool(true)));
        assert_eq!(is_clipped, counts.iter().any(|count| *count > 0.0));
        assert_eq!(runs.len() as f64, number(output, "run_count").min(100.0));
        (counts, runs)
    }

    fn reports(min_run: u32, items: &[Value]) -> Vec<Report> {
        run(&mut detector(min_run), items).iter().map(report).collect()
    }

    #[test]
    fn only_runs_of_full_samples_are_clipped() {
        let input = item(1_000, 2, &[1.0, -1.0, 0.5, 0.99, -1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 0.98, 1.0]);
        let expected = (vec![3.0, 3.0], vec![(0.0, 0.003, 0.006), (1.0, 0.001, 0.004)]);
        assert_eq!(reports(3, std::slice::from_ref(&input)), [expected]);
        assert_eq!(reports(1, std::slice::from_ref(&input))[0].0, [5.0, 4.0]);
        assert_eq!(samples(&run(&mut detector(3), std::slice::from_ref(&input))[0]), samples(&input));
        assert_eq!(reports(3, &[item(1_000, 1, &[])]), [(vec![0.0], vec![])]);
    }

    #[test]
    fn a_run_goes_on_across_items() {
        let full = |count| item(1_000, 1, &vec![1.0; count]);
        let items =
            [timed(1_000, 1, &[0.0, 1.0, 1.0], Some(5.0)), full(1), full(0), full(2), item(1_000, 1, &[0.0])];
        let expected = [
            (vec![0.0], vec![]),
            (vec![3.0], vec![(0.0, 5.001, 5.004)]),
            (vec![0.0], vec![]),
            (vec![2.0], vec![(0.0, 5.001, 5.006)]),
            (vec![0.0], vec![]),
        ];
        assert_eq!(reports(3, &items), expected);
        let gap = [timed(1_000, 1, &[1.0; 2], Some(0.0)), timed(1_000, 1, &[1.0; 2], Some(9.0))];
        assert_eq!(reports(3, &gap)[1], (vec![0.0], vec![]));
    }

    #[test]
    fn a_hundred_runs_are_listed_and_all_are_counted() {
        let samples: Vec<f32> = (0..1_000).map(|n| (n % 2) as f32).collect();
        let output = run(&mut detector(1), &[item(1_000, 1, &samples)]).remove(0);
        assert_eq!((number(&output, "run_count"), numbers(&output, "clipped_samples")), (500.0, vec![500.0]));
        assert_eq!(report(&output).1.len(), 100);
    }

    #[test]
    fn portions_count_the_same_samples() {
        let Value::Audio(noise) = Signal::noise(1_000, 2, 3_000).item(0..3_000) else { panic!() };
        let loud = noise.data().elements::<f32>().iter().map(|sample| sample * 3.0).collect();
        let signal = Signal::of(1_000, 2, loud);
        let whole = reports(4, &[signal.item(0..3_000)]).remove(0).0;
        assert!(whole[0] > 300.0);
        signal.cut_at_random(0..3_000, 12, |items| {
            let counts = reports(4, &items).into_iter().map(|report| report.0);
            let sum = counts.fold(vec![0.0; 2], |sum, counts| vec![sum[0] + counts[0], sum[1] + counts[1]]);
            assert_eq!(sum, whole);
        });
    }
}
