//! Numbers without loss.
//!
//! Terraform computes with 512-bit floating point and sends all digits. A
//! [`Number`] keeps every one of them, and refuses magnitudes that would turn
//! twelve bytes of input into gigabytes of digits.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, ToPrimitive};

/// The most digits of a number before its decimal point, and the most after it.
///
/// Every 64-bit float fits exactly: the largest has 309 digits before the
/// point, the smallest 1,074 after it. Terraform's own 512 bits hold about 154
/// significant digits.
pub const MAX_DIGITS: usize = 1_100;

/// A number of any precision, or an infinity.
///
/// Numbers are compared by value: `1`, `1.0` and `10e-1` are equal. There is no
/// NaN, and no negative zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Repr);

/// A finite number has no trailing zeros, and at most [`MAX_DIGITS`], so that
/// comparing and printing have bounded costs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    NegativeInfinity,
    Finite(BigDecimal),
    PositiveInfinity,
}

/// The reason why an input is not a [`Number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not written as a decimal number: an optional minus, digits, an optional
    /// fraction, an optional exponent.
    #[error("it is not a decimal number")]
    Syntax,
    /// More digits before or after the decimal point than [`MAX_DIGITS`].
    #[error("the number has more than {MAX_DIGITS} digits before or after its decimal point")]
    OutOfRange,
    /// The floating point value NaN.
    #[error("the number is the floating point value NaN, which Terraform does not have")]
    NotANumber,
}

impl Number {
    /// The number +∞.
    pub const INFINITY: Self = Self(Repr::PositiveInfinity);
    /// The number −∞.
    pub const NEGATIVE_INFINITY: Self = Self(Repr::NegativeInfinity);

    /// Whether the number is finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        matches!(self.0, Repr::Finite(_))
    }

    /// Whether the number is finite and has no digits after the decimal point.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.finite().is_some_and(BigDecimal::is_integer)
    }

    /// Returns the number as `i64`, if it is an integer in that range.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        self.finite().filter(|decimal| decimal.is_integer()).and_then(BigDecimal::to_i64)
    }

    /// Returns the nearest `f64`; an infinity beyond its range.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::NegativeInfinity => f64::NEG_INFINITY,
            Repr::PositiveInfinity => f64::INFINITY,
            Repr::Finite(decimal) => {
                let (digits, scale) = decimal.as_bigint_and_scale();
                // The standard library's parser rounds correctly at any length.
                // It accepts every text of this form.
                format!("{digits}e{}", -scale).parse().unwrap_or(f64::NAN)
            }
        }
    }

    /// Returns the number as `f64`, if that is exact.
    #[must_use]
    pub fn to_f64_exact(&self) -> Option<f64> {
        let nearest = self.to_f64();
        (Self::try_from(nearest).as_ref() == Ok(self)).then_some(nearest)
    }

    /// Returns the decimal with the fewest digits that is nearest to this float:
    /// 0.1 for `0.1_f64`. An API's JSON means this number, and so does the same
    /// literal in a configuration.
    ///
    /// # Errors
    /// When the float is NaN.
    pub fn shortest(float: f64) -> Result<Self, NumberError> {
        if float.is_finite() { format!("{float:e}").parse() } else { Self::try_from(float) }
    }

    fn finite(&self) -> Option<&BigDecimal> {
        match &self.0 {
            Repr::Finite(decimal) => Some(decimal),
            Repr::NegativeInfinity | Repr::PositiveInfinity => None,
        }
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self(Repr::Finite(BigDecimal::from(integer).normalized()))
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        Self(Repr::Finite(BigDecimal::from(integer).normalized()))
    }
}

/// Every binary fraction has a finite decimal form, so nothing is rounded here:
/// the float nearest to 0.1 becomes all of its 55 digits.
impl TryFrom<f64> for Number {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Self, NumberError> {
        const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
        /// The exponent of a subnormal float's lowest bit.
        const LOWEST: i32 = -1_074;

        if float.is_nan() {
            return Err(NumberError::NotANumber);
        }
        if float.is_infinite() {
            return Ok(if float > 0.0 { Self::INFINITY } else { Self::NEGATIVE_INFINITY });
        }
        let bits = float.to_bits();
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let (mut mantissa, mut exponent) = match (bits >> FRACTION_BITS) & 0x7ff {
            0 if fraction == 0 => return Ok(Self::from(0_i64)),
            0 => (fraction, LOWEST),
            biased => (fraction | 1 << FRACTION_BITS, LOWEST - 1 + biased as i32),
        };

        // An odd m has no factor 2 and 5^e has none either, so there are no
        // trailing zeros to look for in m·2^-e = m·5^e·10^-e.
        let zeros = mantissa.trailing_zeros();
        mantissa >>= zeros;
        exponent += zeros as i32;
        let sign = if float.is_sign_negative() { Sign::Minus } else { Sign::Plus };
        let signed = |mantissa: u64| BigInt::from_biguint(sign, mantissa.into());
        if exponent < 0 {
            let places = exponent.unsigned_abs();
            let digits = signed(mantissa) * BigInt::from(5).pow(places);
            return Ok(Self(Repr::Finite(BigDecimal::new(digits, places.into()))));
        }
        // Each factor 5 of m makes a trailing zero of one of the factors 2.
        let mut tens = 0;
        while tens < exponent && mantissa % 5 == 0 {
            mantissa /= 5;
            tens += 1;
        }
        let digits = signed(mantissa) << (exponent - tens);
        Ok(Self(Repr::Finite(BigDecimal::new(digits, -i64::from(tens)))))
    }
}

/// Reads a decimal number such as `-12.5e3`.
///
/// The costs are bounded by the length of the text, whatever its exponent.
impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((integer, fraction)) if all_digits(fraction) => (integer, fraction),
            None => (mantissa, ""),
            Some(_) => return Err(NumberError::Syntax),
        };
        if !all_digits(integer) {
            return Err(NumberError::Syntax);
        }

        // Zeros are trimmed in the text, before anything is computed from it.
        let integer = integer.trim_start_matches('0');
        let (integer, fraction, mut scale) = match fraction.trim_end_matches('0') {
            "" => {
                let kept = integer.trim_end_matches('0');
                (kept, "", -length(integer[kept.len()..].len()))
            }
            kept => (integer, kept, length(kept.len())),
        };
        let fraction = if integer.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        let count = integer.len() + fraction.len();
        if count == 0 {
            return Ok(Self::from(0_i64));
        }
        scale = scale.saturating_sub(exponent);
        let limit = length(MAX_DIGITS);
        if scale > limit || length(count).saturating_sub(scale) > limit {
            return Err(NumberError::OutOfRange);
        }
        let sign = if negative { "-" } else { "" };
        let digits = BigInt::from_str(&format!("{sign}{integer}{fraction}"))
            .map_err(|_| NumberError::Syntax)?;
        Ok(Self(Repr::Finite(BigDecimal::new(digits, scale))))
    }
}

/// An exponent beyond `i64` is as far out of range as one at its end.
fn read_exponent(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !all_digits(digits) {
        return Err(NumberError::Syntax);
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    Ok(if negative { -magnitude } else { magnitude })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Plain decimal text without an exponent, as Terraform writes it; `Infinity`
/// or `-Infinity` for the infinities.
impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::NegativeInfinity => formatter.write_str("-Infinity"),
            Repr::PositiveInfinity => formatter.write_str("Infinity"),
            Repr::Finite(decimal) => decimal.write_plain_string(formatter),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Finite(left), Repr::Finite(right)) => left.cmp(right),
            (left, right) => rank(left).cmp(&rank(right)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn rank(repr: &Repr) -> u8 {
    match repr {
        Repr::NegativeInfinity => 0,
        Repr::Finite(_) => 1,
        Repr::PositiveInfinity => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_DIGITS, Number, NumberError, Repr};

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_written_without_exponent_or_extra_zeros() {
        for (text, written) in [
            ("0", "0"),
            ("-0.00e9", "0"),
            ("0e999999999999999999999", "0"),
            ("007", "7"),
            ("1e3", "1000"),
            ("1.50E+1", "15"),
            ("-1200e-4", "-0.12"),
            ("0.0001", "0.0001"),
            ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        ] {
            assert_eq!(number(text).to_string(), written, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_decimal_number_is_refused() {
        for text in [
            "", "-", "+1", "1.", ".5", "1e", "1e+", "e5", "0x10", "1_000", " 1", "1 ", "Inf",
            "NaN", "1.2.3", "1e5e5", "--1", "1e-+2", "١",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn magnitudes_are_limited_on_both_sides_of_the_point() {
        let largest = format!("1e{}", MAX_DIGITS - 1);
        let smallest = format!("1e-{MAX_DIGITS}");
        assert_eq!(number(&largest).to_string().len(), MAX_DIGITS);
        assert_eq!(number(&smallest).to_string().len(), MAX_DIGITS + "0.".len());
        for text in [
            format!("1e{MAX_DIGITS}"),
            format!("1e-{}", MAX_DIGITS + 1),
            "1e1000000000".to_owned(),
            "-1e-1000000000".to_owned(),
            "1e99999999999999999999999".to_owned(),
            "1e-99999999999999999999999".to_owned(),
            "9".repeat(MAX_DIGITS + 1),
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn floats_are_converted_exactly() {
        let tenth = Number::try_from(0.1).unwrap();
        assert_eq!(
            tenth,
            number("0.1000000000000000055511151231257827021181583404541015625"),
            "the value of the float that 0.1 is rounded to, digit for digit"
        );
        assert_eq!(tenth.to_f64_exact(), Some(0.1));
        assert_eq!(number("0.1").to_f64_exact(), None);
        assert_eq!(number("0.1").to_f64(), 0.1);
        assert_eq!(Number::try_from(f64::NAN), Err(NumberError::NotANumber));
        assert_eq!(Number::try_from(-0.0), Ok(number("0")));
    }

    #[test]
    fn shortest_decimal_is_the_number_of_the_literal() {
        for (float, text) in [(0.1, "0.1"), (1e23, "1e23"), (-2.5e-9, "-2.5e-9"), (3.0, "3")] {
            assert_eq!(Number::shortest(float), Ok(number(text)));
            assert_eq!(Number::shortest(float).unwrap().to_f64(), float);
        }
        assert_eq!(Number::shortest(f64::INFINITY), Ok(Number::INFINITY));
        assert_eq!(Number::shortest(f64::NAN), Err(NumberError::NotANumber));
    }

    #[test]
    fn only_exact_integers_convert_to_i64() {
        assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("1.5").to_i64(), None);
        assert_eq!(number("1e1099").to_i64(), None);
        assert_eq!(Number::INFINITY.to_i64(), None);
        assert!(number("5e3").is_integer() && !Number::INFINITY.is_integer());
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        let ordered = [
            Number::NEGATIVE_INFINITY,
            number("-2e5"),
            number("0.3"),
            number("10"),
            Number::INFINITY,
        ];
        assert!(ordered.is_sorted());
    }

    proptest! {
        #[test]
        fn every_float_is_converted_back(bits in any::<u64>()) {
            let float = f64::from_bits(bits);
            prop_assume!(!float.is_nan());
            let number = Number::try_from(float).unwrap();
            prop_assert_eq!(number.to_f64_exact(), Some(float));
            if let Repr::Finite(decimal) = &number.0 {
                let normalized = decimal.normalized();
                prop_assert_eq!(decimal.as_bigint_and_scale(), normalized.as_bigint_and_scale());
            }
            if float.is_finite() {
                prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
            }
        }

        #[test]
        fn every_integral_float_is_converted_back(integer in any::<i32>(), power in 0..900_i32) {
            let float = f64::from(integer) * 2.0_f64.powi(power);
            let number = Number::try_from(float).unwrap();
            prop_assert_eq!(number.to_f64_exact(), Some(float));
            prop_assert_eq!(number.to_string(), format!("{float:.0}"));
        }

        #[test]
        fn every_integer_is_converted_back(signed in any::<i64>(), unsigned in any::<u64>()) {
            prop_assert_eq!(Number::from(signed).to_i64(), Some(signed));
            prop_assert_eq!(Number::from(unsigned).to_string(), unsigned.to_string());
            prop_assert_eq!(Number::from(signed).to_string(), signed.to_string());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+]?[0-9]{0,5}\\.?[0-9]{0,5}([eE][-+]?[0-9]{0,12})?") {
            if let Ok(number) = text.parse::<Number>() {
                let float = text.parse::<f64>().unwrap();
                prop_assert_eq!(number.to_f64(), if float == 0.0 { 0.0 } else { float });
            }
        }
    }
}
