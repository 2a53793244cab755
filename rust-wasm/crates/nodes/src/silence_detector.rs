//! `SilenceDetectorNode`: where a stream of audio is silent.

use remotemedia_engine::array::Audio;
use remotemedia_engine::error::Failure;
use remotemedia_engine::node::{Node, NodeType, Out, Params};
use remotemedia_engine::value::Value;

use crate::audio_runs::{Rule, times};
use crate::audio_stream::{AudioStream, amplitude, channels, finite_audio};

/// Catalog entry and factory.
pub const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "SilenceDetectorNode", "aliases": [],
        "summary": "Finds where audio is silent.", "category": "audio",
        "params": {"type": "object", "additionalProperties": false, "required": [], "properties": {
            "threshold_db": {"type": "number", "minimum": -200, "maximum": 0, "default": -50, "unit": "dB",
                             "description": "Samples below this are quiet; full scale is 0."},
            "min_duration_ms": {"type": "number", "minimum": 0, "default": 500, "unit": "ms",
                                "description": "How long all channels must be quiet to be silent."},
            "input_sample_rate": {"type": "integer", "minimum": 1, "unit": "Hz",
                                  "description": "Rate of bare tensors and lists."}}},
        "inputs": {"in": {"kinds": ["audio", "map", "list", "tensor"]}}, "outputs": {"out": {"kinds": ["map"]}},
        "runtime": "rust", "stateful": true, "requires": []
    }"#,
    create: |params| Ok(Box::new(SilenceDetector::new(params)?)),
};

/// Frames looked at together.
const BLOCK: usize = 1_024;

struct SilenceDetector {
    rule: Rule,
    min_ms: f64,
    input_rate: Option<u32>,
    running: Option<Running>,
}

/// A stream under way.
#[derive(Clone, Copy)]
struct Running {
    stream: AudioStream,
    /// Length of the run of quiet frames that lasts.
    quiet: u64,
}

impl SilenceDetector {
    fn new(params: &Params) -> Result<Self, Failure> {
        let threshold = amplitude(params.number("threshold_db")?) as f32;
        Ok(Self {
            rule: Rule { threshold, loud: false },
            min_ms: params.number("min_duration_ms")?,
            input_rate: params.positive("input_sample_rate")?,
            running: None,
        })
    }

    fn is_silence(&self, quiet: u64, rate: u32) -> bool {
        quiet > 0 && quiet as f64 * 1000.0 >= self.min_ms * f64::from(rate)
    }
}

impl Node for SilenceDetector {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let audio = finite_audio(item, self.input_rate)?;
        let rate = audio.sample_rate();
        let goes_on = |running: &Running| running.stream.is_continued_by(&audio);
        let fresh = || Running { stream: AudioStream::of(&audio), quiet: 0 };
        let Running { mut stream, mut quiet } = self.running.filter(goes_on).unwrap_or_else(fresh);
        let first = stream.frames();
        stream.add(&audio);
        let mut segments: Vec<Value> = Vec::new();
        let mut note = |start: u64, end: u64| {
            // One that ended just before the item has no frame in it.
            if end > first && self.is_silence(end - start, rate) {
                segments.push(Value::map(times(&stream, start, end)));
            }
        };
        scan(self.rule, &audio, first, &mut quiet, &mut note);
        note(stream.frames() - quiet, stream.frames());
        self.running = Some(Running { stream, quiet });
        out.emit(Value::map([
            ("audio", Value::Audio(audio)),
            ("is_silent", self.is_silence(quiet, rate).into()),
            ("silence_s", (quiet as f64 / f64::from(rate)).into()),
            ("segments", segments.into()),
        ]));
        Ok(())
    }
}

/// Scans the loudest channel of each frame.
fn scan(rule: Rule, audio: &Audio, first: u64, quiet: &mut u64, found: &mut dyn FnMut(u64, u64)) {
    let samples = audio.data().elements::<f32>();
    if audio.channels() == 1 {
        return rule.scan(&samples, first, quiet, found);
    }
    let mut block = [0.0f32; BLOCK];
    for start in (0..audio.frames()).step_by(BLOCK) {
        let loudest = block.get_mut(..BLOCK.min(audio.frames() - start)).unwrap_or_default();
        loudest.fill(0.0);
        for channel in channels(&samples, audio.frames(), audio.channels()) {
            let part = channel.get(start..).unwrap_or_default();
            for (most, sample) in loudest.iter_mut().zip(part) {
                // Not `max`, whose care for NaN keeps it from being vectorised.
                *most = if sample.abs() > *most { sample.abs() } else { *most };
            }
        }
        rule.scan(loudest, first + start as u64, quiet, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_audio::{Random, Signal, item, list, number, params, run, samples, timed};

    /// Threshold 0.1, silence from 3 ms on: at 1 kHz 3 frames.
    fn detector() -> SilenceDetector {
        let json = serde_json::json!({"threshold_db": -20, "min_duration_ms": 3});
        SilenceDetector::new(&params(json)).unwrap()
    }

    /// Whether there is silence and for how long, and the segments.
    type Report = (bool, f64, Vec<(f64, f64)>);

    fn report(output: &Value) -> Report {
        let is_silent = matches!(output.get("is_silent"), Some(Value::Bool(true)));
        let segment = |segment: &Value| (number(segment, "start_s"), number(segment, "end_s"));
        (is_silent, number(output, "silence_s"), list(output, "segments").iter().map(segment).collect())
    }

    fn reports(items: &[Value]) -> Vec<Report> {
        run(&mut detector(), items).iter().map(report).collect()
    }

    #[test]
    fn silence_lasts_long_enough_and_in_all_channels() {
        let mono = item(1_000, 1, &[1.0, 0.05, -0.09, 0.0, 0.2, 0.0, 0.0, -0.1]);
        assert_eq!(reports(std::slice::from_ref(&mono)), [(false, 0.0, vec![(0.001, 0.004)])]);
        assert_eq!(samples(&run(&mut detector(), std::slice::from_ref(&mono))[0]), samples(&mono));
        let stereo = item(1_000, 2, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(reports(&[stereo]), [(true, 0.005, vec![(0.001, 0.006)])]);
    }

    #[test]
    fn long_items_of_many_channels_are_scanned_to_the_end() {
        let mut samples = [vec![0.0; 3_000], vec![1.0; 1_100], vec![0.0; 1_900]].concat();
        assert_eq!(reports(&[item(1_000, 2, &samples)]), [(true, 1.9, vec![(1.1, 3.0)])]);
        samples[2_999] = 1.0;
        assert_eq!(reports(&[item(1_000, 2, &samples)]), [(false, 0.0, vec![(1.1, 2.999)])]);
    }

    #[test]
    fn silence_goes_on_across_items() {
        let quiet = |frames| item(1_000, 1, &vec![0.0; frames]);
        let items = [
            timed(1_000, 1, &[1.0, 0.0, 0.0], Some(2.0)),
            quiet(2),
            quiet(0),
            item(1_000, 1, &[0.0, 1.0]),
            item(1_000, 1, &[1.0]),
        ];
        let expected = [
            (false, 0.002, vec![]),
            (true, 0.004, vec![(2.001, 2.005)]),
            (true, 0.004, vec![]),
            (false, 0.0, vec![(2.001, 2.006)]),
            (false, 0.0, vec![]),
        ];
        assert_eq!(reports(&items), expected);
    }

    #[test]
    fn a_gap_ends_silence() {
        let items = [
            timed(1_000, 1, &[0.0; 2], Some(0.0)),
            timed(1_000, 1, &[0.0; 2], Some(1.0)),
            timed(1_000, 1, &[0.0], Some(1.002)),
        ];
        assert_eq!(reports(&items)[2], (true, 0.003, vec![(1.0, 1.003)]));
        assert!(!reports(&items)[1].0);
    }

    #[test]
    fn portions_find_the_same_silences() {
        let mut random = Random::new(3);
        let mut samples = Vec::new();
        for run in 0..200 {
            let level = if run % 2 == 0 { 0.5 } else { 0.01 };
            samples.extend(std::iter::repeat_n(level, random.below(8)));
        }
        samples.push(1.0);
        let frames = samples.len();
        samples.extend(vec![0.0; frames]);
        let signal = Signal::of(1_000, 2, samples);
        let whole = reports(&[signal.item(0..frames)]).remove(0).2;
        assert!(whole.len() > 20);
        signal.cut_at_random(0..frames, 20, |items| {
            // A silence that goes on comes again with the same start; the last report has its end.
            let mut merged: Vec<(f64, f64)> = Vec::new();
            for (start, end) in reports(&items).into_iter().flat_map(|report| report.2) {
                match merged.last_mut().filter(|last| (last.0 - start).abs() < 1e-9) {
                    Some(last) => last.1 = end,
                    None => merged.push((start, end)),
                }
            }
            let near = |a: &(f64, f64), b: &(f64, f64)| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9;
            assert!(merged.len() == whole.len() && merged.iter().zip(&whole).all(|(a, b)| near(a, b)));
        });
    }
}
