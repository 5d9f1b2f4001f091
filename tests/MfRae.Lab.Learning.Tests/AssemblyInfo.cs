// One thread of tests: libtorch has its own, and the live-tensor counts are per process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
