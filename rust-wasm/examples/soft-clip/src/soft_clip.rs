//! `SoftClipNode`: bends loud audio along a curve, as tape and valves do.
//!
//! A bent signal has new frequencies, and those above half the sample rate would come back as others. They are held down by
//! taking the mean of the curve from the last sample to this one (first-order antiderivative antialiasing: Parker,
//! Zavalishin, Le Bivic, "Reducing the aliasing of nonlinear waveshaping using continuous-time convolution", `DAFx`
//! 2016). That delays by half a sample and needs the last sample of every channel, the node's state.

use remotemedia_module::{Audio, Failure, Node, NodeType, Out, Params, Value, assets};

use crate::curve::Curve;

/// Catalog entry and factory.
pub(crate) const TYPE: NodeType = NodeType {
    entry: r#"{
        "type": "SoftClipNode", "summary": "Bends loud audio along a curve, as tape and valves do.", "category": "audio",
        "params": {"properties": {
            "drive_db": {"type": "number", "minimum": -48, "maximum": 48, "default": 12, "unit": "dB",
                         "description": "Gain before the curve."},
            "level_db": {"type": "number", "minimum": -48, "maximum": 48, "default": 0, "unit": "dB",
                         "description": "Gain behind the curve."},
            "curve": {"type": "string", "default": "assets/warm.txt",
                      "description": "File of the bundle with lines x y: what becomes of the level x."}}},
        "inputs": {"in": {"kinds": ["audio"]}}, "outputs": {"out": {"kinds": ["audio"]}},
        "stateful": true
    }"#,
    create: |params| Ok(Box::new(SoftClip::new(params)?)),
};

/// Closer samples than this are not divided by: rounding errors would become large.
const CLOSE: f64 = 1e-6;

struct SoftClip {
    drive: f64,
    level: f64,
    curve: Curve,
    stream: Option<Stream>,
}

/// Audio that goes on from item to item.
struct Stream {
    sample_rate: u32,
    /// When the next item should begin, in seconds, if the audio has timestamps.
    next: Option<f64>,
    /// The last level of each channel.
    last: Vec<f64>,
}

impl SoftClip {
    fn new(params: &Params) -> Result<Self, Failure> {
        let file = assets::read(params.text("curve")?)?;
        Ok(Self {
            drive: amplitude(params.number("drive_db")?),
            level: amplitude(params.number("level_db")?),
            curve: Curve::parse(&String::from_utf8_lossy(&file))?,
            stream: None,
        })
    }

    /// The mean of the curve between two levels.
    fn mean(&self, from: f64, to: f64) -> f64 {
        if (to - from).abs() < CLOSE {
            return self.curve.at(f64::midpoint(from, to));
        }
        (self.curve.area(to) - self.curve.area(from)) / (to - from)
    }
}

fn amplitude(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

impl Stream {
    fn of(audio: &Audio) -> Self {
        Self { sample_rate: audio.sample_rate(), next: None, last: vec![0.0; audio.channels()] }
    }

    /// Whether this audio goes on where the last item ended: no gap of more than half a sample.
    fn goes_on_with(&self, audio: &Audio) -> bool {
        let gap = self.next.zip(audio.timestamp()).map_or(0.0, |(next, now)| (now - next).abs());
        self.sample_rate == audio.sample_rate()
            && self.last.len() == audio.channels()
            && gap * f64::from(self.sample_rate) <= 0.5
    }
}

impl Node for SoftClip {
    fn process(&mut self, item: &Value, _port: &str, out: &mut Out) -> Result<(), Failure> {
        let Value::Audio(audio) = item else {
            return Err(Failure::new(format!("not audio but {}", item.kind())));
        };
        let samples = audio.data().elements::<f32>();
        // Before anything changes: a call that fails leaves no trace.
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(Failure::new("a sample is not finite"));
        }
        let stream = self.stream.take().filter(|stream| stream.goes_on_with(audio));
        let mut stream = stream.unwrap_or_else(|| Stream::of(audio));
        let mut bent = Vec::with_capacity(samples.len());
        if audio.frames() > 0 {
            for (channel, last) in samples.chunks_exact(audio.frames()).zip(&mut stream.last) {
                for sample in channel {
                    let level = self.drive * f64::from(*sample);
                    bent.push((self.level * self.mean(*last, level)) as f32);
                    *last = level;
                }
            }
        }
        let seconds = audio.frames() as f64 / f64::from(audio.sample_rate());
        stream.next = audio.timestamp().map(|timestamp| timestamp + seconds);
        self.stream = Some(stream);
        let bent =
            Audio::new(audio.sample_rate(), audio.timestamp(), audio.channels(), audio.frames(), bent.into());
        out.emit(bent.ok_or_else(|| Failure::new("the samples do not fill their channels"))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use remotemedia_module::{Registry, contract};
    use serde_json::{Value as Json, json};

    /// The folder of the bundle.
    const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../packages/pipelines/soft-clip");

    fn node(params: Json) -> Result<Box<dyn Node>, Failure> {
        assets::lie_in(BUNDLE);
        let Json::Object(mut params) = params else { panic!("{params}") };
        for (name, default) in
            [("drive_db", json!(0)), ("level_db", json!(0)), ("curve", json!("assets/warm.txt"))]
        {
            params.entry(name).or_insert(default);
        }
        (TYPE.create)(&Params::new(params))
    }

    fn audio(timestamp: Option<f64>, channels: usize, samples: &[f32]) -> Value {
        Audio::new(8_000, timestamp, channels, samples.len() / channels, samples.to_vec().into())
            .unwrap()
            .into()
    }

    fn run(node: &mut dyn Node, items: &[Value]) -> Vec<f32> {
        let mut out = Out::new(vec!["out".to_owned()]);
        for item in items {
            node.process(item, "in", &mut out).unwrap();
        }
        let samples = |output: Value| match output {
            Value::Audio(audio) => audio.data().elements::<f32>().into_owned(),
            other => panic!("{other:?}"),
        };
        out.drain().flat_map(samples).collect()
    }

    #[test]
    fn the_node_keeps_the_contract() {
        assets::lie_in(BUNDLE);
        contract::check(&Registry::new(&[TYPE]).unwrap(), &contract::samples());
    }

    #[test]
    fn quiet_audio_stays_as_it_is_and_loud_audio_does_not_grow() {
        let quiet = run(&mut *node(json!({})).unwrap(), &[audio(None, 1, &[0.01; 4])]);
        assert!((quiet[3] - 0.01).abs() < 0.001, "{quiet:?}");
        let loud =
            run(&mut *node(json!({"drive_db": 40})).unwrap(), &[audio(None, 1, &[0.9, 0.9, -0.9, -0.9])]);
        assert!(loud[1] <= 1.0 && loud[1] > 0.7 && loud[3] >= -0.8 && loud[3] < -0.7, "{loud:?}");
        let half = run(
            &mut *node(json!({"drive_db": 40, "level_db": -6.020_599_9})).unwrap(),
            &[audio(None, 1, &[0.9, 0.9])],
        );
        assert!((half[1] - loud[1] / 2.0).abs() < 1e-6);
    }

    #[test]
    fn a_stream_is_one_signal_whatever_its_items() {
        let tone: Vec<f32> = (0..64).map(|n| (n as f32 * 0.7).sin()).collect();
        let whole = run(&mut *node(json!({"drive_db": 20})).unwrap(), &[audio(Some(0.0), 1, &tone)]);
        let part = |range: std::ops::Range<usize>| audio(Some(range.start as f64 / 8_000.0), 1, &tone[range]);
        let parts = [part(0..1), part(1..1), part(1..40), part(40..64)];
        assert_eq!(run(&mut *node(json!({"drive_db": 20})).unwrap(), &parts), whole);
    }

    #[test]
    fn a_gap_and_another_shape_begin_anew() {
        let fresh = run(&mut *node(json!({})).unwrap(), &[audio(None, 1, &[0.5])])[0];
        let after =
            |second: Value| run(&mut *node(json!({})).unwrap(), &[audio(Some(0.0), 1, &[0.9]), second])[1];
        assert_eq!(after(audio(Some(1.0), 1, &[0.5])), fresh);
        assert_eq!(after(audio(Some(1.0 / 8_000.0), 2, &[0.5, 0.5])), fresh);
        assert_ne!(after(audio(Some(1.0 / 8_000.0), 1, &[0.5])), fresh);
    }

    #[test]
    fn aliases_are_held_down() {
        // A loud tone at 1.1 kHz of 8 kHz: its seventh harmonic, 7.7 kHz, comes back at 0.3 kHz.
        let tone: Vec<f32> = (0..8_000)
            .map(|n| (f64::from(n) * 1_100.0 / 8_000.0 * std::f64::consts::TAU).sin() as f32)
            .collect();
        let alias = |samples: &[f32]| {
            let turn = |n: usize| n as f64 * 300.0 / 8_000.0 * std::f64::consts::TAU;
            let sum = |part: fn(f64) -> f64| {
                samples.iter().enumerate().map(|(n, x)| f64::from(*x) * part(turn(n))).sum::<f64>()
            };
            sum(f64::cos).hypot(sum(f64::sin)) / samples.len() as f64
        };
        let mut soft =
            SoftClip { drive: 10.0, level: 1.0, curve: Curve::parse("-1 -1\n1 1").unwrap(), stream: None };
        let plain: Vec<f32> = tone.iter().map(|x| soft.curve.at(10.0 * f64::from(*x)) as f32).collect();
        let bent = run(&mut soft, &[audio(None, 1, &tone)]);
        assert!(alias(&bent) < alias(&plain) / 5.0, "{} {}", alias(&bent), alias(&plain));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut node = node(json!({})).unwrap();
        let mut out = Out::new(vec!["out".to_owned()]);
        assert!(node.process(&audio(None, 1, &[0.9, f32::NAN]), "in", &mut out).is_err());
        assert!(node.process(&Value::Null, "in", &mut out).is_err());
        assert_eq!(run(&mut *node, &[audio(None, 1, &[0.0])]), [0.0]);
    }

    #[test]
    fn a_curve_that_is_not_there_is_named() {
        let Err(failure) = node(json!({"curve": "assets/none.txt"})) else { panic!("it is there") };
        assert!(format!("{failure:?}").contains("assets/none.txt cannot be read"), "{failure:?}");
    }
}
