//! The instruction set a kernel is compiled for, chosen while the program runs.
//!
//! A host that adds the crate gets code for the oldest processor of its target. A kernel is
//! therefore compiled several times, and the best that the processor has is run. All of them do
//! the same operations in the same order, none fuses a product with a sum, so their bits are equal.

/// A loop that is compiled once for each instruction set.
pub(crate) trait Compiled {
    /// What comes out of it.
    type Output;

    /// Runs it. Must be `#[inline(always)]`, and so must be what it calls and is to gain: only what
    /// is copied into the function for a newer processor is compiled for that. A compiler leaves a
    /// large closure where it is, compiled for the oldest; hence this is no closure.
    fn run(self) -> Self::Output;
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstructionSet(Set);

/// Private, so that nobody makes a [`InstructionSet`] the processor does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// What every processor of the target has.
    Baseline,
    /// AVX2, BMI1, BMI2, LZCNT and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// These and AVX-512 F, BW, CD, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Default for InstructionSet {
    fn default() -> Self {
        Self::best()
    }
}

impl InstructionSet {
    /// The best this processor has.
    #[must_use]
    pub fn best() -> Self {
        *Self::available().last().expect("the baseline is always there")
    }

    /// All that this processor has, from the oldest.
    #[must_use]
    pub fn available() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match (avx2, avx512) {
                (true, true) => &[Self(Set::Baseline), Self(Set::Avx2), Self(Set::Avx512)],
                (true, false) => &[Self(Set::Baseline), Self(Set::Avx2)],
                (false, _) => &[Self(Set::Baseline)],
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        &[Self(Set::Baseline)]
    }

    /// Runs `kernel` compiled for this instruction set.
    #[inline(always)]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "code for newer processors must be guarded by hand")
    )]
    pub(crate) fn run<C: Compiled>(self, kernel: C) -> C::Output {
        match self.0 {
            Set::Baseline => kernel.run(),
            // SAFETY: an `InstructionSet` other than the baseline comes from `available` alone,
            // which asked the processor for every feature that the function is compiled with.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { with_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { with_avx512(kernel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<C: Compiled>(kernel: C) -> C::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
fn with_avx512<C: Compiled>(kernel: C) -> C::Output {
    kernel.run()
}
