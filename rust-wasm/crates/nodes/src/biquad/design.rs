//! Coefficients of second-order filters: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".

use std::f64::consts::TAU;

use remotemedia_engine::error::Failure;

/// What a filter does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Lowpass,
    Highpass,
    Bandpass,
    Notch,
    Peaking,
    Lowshelf,
    Highshelf,
}

/// The params of a filter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Design {
    pub shape: Shape,
    /// In hertz.
    pub frequency: f64,
    pub q: f64,
    pub gain_db: f64,
}

/// b₀, b₁, b₂, a₁, a₂, divided by a₀.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coefficients {
    pub b: [f64; 3],
    pub a: [f64; 2],
}

impl Shape {
    /// The word in params.
    pub(crate) fn from_name(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "lowpass" => Self::Lowpass,
            "highpass" => Self::Highpass,
            "bandpass" => Self::Bandpass,
            "notch" => Self::Notch,
            "peaking" => Self::Peaking,
            "lowshelf" => Self::Lowshelf,
            "highshelf" => Self::Highshelf,
            other => return Err(Failure::new(format!("no filter_type is called {other:?}"))),
        })
    }
}

impl Design {
    /// The filter at a sample rate; refused if its frequency is not below half of it, or q so small that there is none.
    pub(crate) fn at(self, rate: u32) -> Result<Coefficients, Failure> {
        let rate = f64::from(rate);
        if self.frequency >= rate / 2.0 {
            let message = format!("frequency {} Hz is not below half the rate of {rate} Hz", self.frequency);
            return Err(Failure::new(message));
        }
        let (sine, cosine) = (TAU * self.frequency / rate).sin_cos();
        let (b, a) = self.unscaled(sine / (2.0 * self.q), cosine);
        let (b, a) = (b.map(|x| x / a[0]), [a[1] / a[0], a[2] / a[0]]);
        // An extreme q overflows, and NaN would never leave the filter again.
        if !b.iter().chain(&a).all(|x| x.is_finite()) {
            return Err(Failure::new(format!("there is no such filter: {self:?}")));
        }
        Ok(Coefficients { b, a })
    }

    /// The numerator and the denominator, from the cookbook's α and cos ω₀.
    fn unscaled(self, alpha: f64, cosine: f64) -> ([f64; 3], [f64; 3]) {
        let denominator = [1.0 + alpha, -2.0 * cosine, 1.0 - alpha];
        let gain = 10.0f64.powf(self.gain_db / 40.0);
        match self.shape {
            Shape::Lowpass => ([0.5 * (1.0 - cosine), 1.0 - cosine, 0.5 * (1.0 - cosine)], denominator),
            Shape::Highpass => ([0.5 * (1.0 + cosine), -(1.0 + cosine), 0.5 * (1.0 + cosine)], denominator),
            Shape::Bandpass => ([alpha, 0.0, -alpha], denominator),
            Shape::Notch => ([1.0, -2.0 * cosine, 1.0], denominator),
            Shape::Peaking => (
                [1.0 + alpha * gain, -2.0 * cosine, 1.0 - alpha * gain],
                [1.0 + alpha / gain, -2.0 * cosine, 1.0 - alpha / gain],
            ),
            Shape::Lowshelf => shelf(gain, alpha, cosine, 1.0),
            Shape::Highshelf => shelf(gain, alpha, cosine, -1.0),
        }
    }
}

/// The shelf below the frequency if `side` is 1; the one above it is its mirror image, with −1.
fn shelf(gain: f64, alpha: f64, cosine: f64, side: f64) -> ([f64; 3], [f64; 3]) {
    let (more, less, width) = (gain + 1.0, gain - 1.0, 2.0 * gain.sqrt() * alpha);
    let cosine = side * cosine;
    (
        [
            gain * (more - less * cosine + width),
            side * 2.0 * gain * (less - more * cosine),
            gain * (more - less * cosine - width),
        ],
        [more + less * cosine + width, side * -2.0 * (less + more * cosine), more + less * cosine - width],
    )
}
