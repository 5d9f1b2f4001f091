using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

[Scoped]
public sealed class FeatureMomentsTests
{
    // Sums of 100 numbers of size 1 to 10 in float64, in another order.
    private const double Rounding = 1e-12;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void Batches_give_what_all_rows_give_at_once(int batch)
    {
        using var scope = NewDisposeScope();
        var features = Clouds.Normal(0, 100, 6, shift: 3);
        using var moments = new FeatureMoments();
        for (var start = 0; start < 100; start += batch)
            moments.Add(features.slice(0, start, Math.Min(100, start + batch), 1));

        var (mean, covariance) = moments.Statistics();
        var wide = features.to(float64);
        var centred = wide - wide.mean([0]);
        (mean - wide.mean([0])).abs().max().item<double>().Should().BeLessThan(Rounding);
        (covariance - (centred.t().mm(centred) / 99)).abs().max().item<double>().Should().BeLessThan(Rounding);
        moments.Count.Should().Be(100);
    }

    [Fact]
    public void A_large_common_offset_cancels_nothing()
    {
        using var scope = NewDisposeScope();
        var features = Clouds.Normal(0, 500, 4).to(float64);
        var near = FeatureStatistics.Of(features);
        var far = FeatureStatistics.Of(features + (1L << 30));

        // Adding 2^30 alone rounds each feature to 1e-7; sums of squares about zero would lose all digits.
        (far.Covariance - near.Covariance).abs().max().item<double>().Should().BeLessThan(1e-6);
    }

    [Fact]
    public void Statistics_may_be_asked_for_before_the_last_batch()
    {
        using var scope = NewDisposeScope();
        var features = Clouds.Normal(0, 60, 3);
        using var moments = new FeatureMoments();
        moments.Add(features.slice(0, 0, 20, 1));
        var early = moments.Statistics();
        moments.Add(features.slice(0, 20, 60, 1));

        (early.Covariance - FeatureStatistics.Of(features.slice(0, 0, 20, 1)).Covariance).abs().max().item<double>().Should().BeLessThan(Rounding);
        (moments.Statistics().Mean - FeatureStatistics.Of(features).Mean).abs().max().item<double>().Should().BeLessThan(Rounding);
    }

    [Fact]
    public void Damaged_features_are_refused_with_their_place()
    {
        using var scope = NewDisposeScope();
        using var moments = new FeatureMoments("samples.npz");
        moments.Add(ones(3, 2));
        var broken = ones(4, 2);
        broken[2, 1] = float.NaN;
        Clouds.Refused(() => moments.Add(broken)).Message.Should().Contain("image 5 of samples.npz").And.Contain("not finite");
        Clouds.Refused(() => moments.Add(ones(3, 5))).Message.Should().Contain("5 dimensions after others with 2");
        Clouds.Refused(() => moments.Add(ones(3))).Message.Should().Contain("[3]");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void One_image_has_no_covariance(int count)
    {
        using var scope = NewDisposeScope();
        Clouds.Refused(() => FeatureStatistics.Of(ones(count, 2))).Message.Should().Contain("at least two");
    }

    [Fact]
    public void Statistics_that_cannot_be_some_are_refused_by_name()
    {
        using var scope = NewDisposeScope();
        var (mean, covariance) = (zeros(2, dtype: float64), eye(2, dtype: float64));
        string Message(FeatureStatistics statistics) => Clouds.Refused(() => statistics.Checked("a.npz")).Message;

        Message(new(zeros(3, dtype: float64), covariance)).Should().Contain("a.npz").And.Contain("[3]").And.Contain("[2, 2]");
        Message(new(mean / 0, covariance)).Should().Contain("a.npz").And.Contain("NaN");
        Message(new(mean, covariance / 0)).Should().Contain("NaN");
        Message(new(mean, tensor(new double[,] { { 1, 2 }, { 0, 1 } }))).Should().Contain("not symmetric");
        Message(new(mean, -covariance)).Should().Contain("negative variances");
        Clouds.Refused(() => FrechetReference.Of(new(mean, tensor(new double[,] { { 1, 2 }, { 2, 1 } })), "b.npz"))
            .Message.Should().Contain("b.npz").And.Contain("negative eigenvalues");
        new FeatureStatistics(mean.to(float32), covariance.to(float32)).Checked("c").Covariance.dtype.Should().Be(float64);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var path = folder.File("reference.safetensors");
        var damaged = new FeatureStatistics(zeros(2, dtype: float64), full([2, 2], double.NaN, dtype: float64));
        Safetensors.Write(path, LabStatistics.Tensors(damaged, null));
        Clouds.Refused(() => LabStatistics.Read(Safetensors.Read(path))).Message.Should().Contain(path);
    }
}
