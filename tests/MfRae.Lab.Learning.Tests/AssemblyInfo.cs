// One thread of tests: libtorch has its own, and the live-tensor counts are per process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
