/** Examples of property-based tests are the same every time, or those of FAST_CHECK_SEED. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 1) });
