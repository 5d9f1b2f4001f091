using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

[Scoped]
public sealed class MetricTests
{
    [Fact]
    public void Precision_and_recall_tell_lost_modes_from_strange_samples()
    {
        var random = new MfRae.Lab.Learning.Numerics.RandomSource(0, CPU);
        var near = random.Normal("features", 0, 60, 4);
        var both = cat([near, random.Normal("features", 1, 60, 4) + 100], 0);
        var lost = PrecisionRecall.Of(random.Normal("features", 2, 60, 4), both);
        lost.Precision.Should().BeGreaterThan(0.5);
        lost.Recall.Should().BeLessThan(0.6);
        PrecisionRecall.Of(near + 100, near).Should().Be(new PrecisionRecall(0, 0));
        PrecisionRecall.Of(near, near).Should().Be(new PrecisionRecall(1, 1));
    }

    [Fact]
    public void Kernel_distance_has_no_bias_for_equal_distributions_and_sees_a_shift()
    {
        var random = new MfRae.Lab.Learning.Numerics.RandomSource(0, CPU);
        var (first, second) = (random.Normal("features", 0, 300, 4), random.Normal("features", 1, 300, 4));
        var same = KernelDistance.Of(first, second, subsets: 20, size: 100);
        Math.Abs(same.Mean).Should().BeLessThan(same.Deviation);
        KernelDistance.Of(first, second + 1, subsets: 20, size: 100).Mean.Should().BeGreaterThan(10 * same.Deviation);
    }

    [Fact]
    public void Probes_tell_separable_classes_from_noise()
    {
        var labels = arange(400, dtype: ScalarType.Int64).remainder(4);
        var random = new MfRae.Lab.Learning.Numerics.RandomSource(0, CPU);
        var separable = nn.functional.one_hot(labels, 6).to(ScalarType.Float32) + (0.1 * random.Normal("noise", 0, 400, 6));
        var noise = random.Normal("noise", 1, 400, 6);
        Probes.NearestNeighbours(separable, labels, separable, labels, 5).Should().Be(1);
        Probes.Linear(separable, labels, separable, labels, 100).Should().Be(1);
        Probes.NearestNeighbours(noise, labels, random.Normal("noise", 2, 400, 6), labels, 5).Should().BeLessThan(0.4);
    }

    [Fact]
    public void With_fewer_training_rows_than_neighbours_all_of_them_vote()
    {
        var labels = tensor(new long[] { 1, 1, 0 });
        var rows = eye(3);
        Probes.NearestNeighbours(rows, labels, rows, labels, 20)
            .Should().BeApproximately(2 / 3.0, 1e-9, "the majority is class 1 everywhere");
    }
}
