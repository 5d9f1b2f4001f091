using MfRae.Lab.Core;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Statistics written in every layout are the same when they are read, and foreign ones are not believed blindly.</summary>
[Scoped]
public sealed class StatisticsFileTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public StatisticsFileTests()
    {
        _lab.Array("samples.npz", EvaluationLab.Images(1, 70));
        _lab.Array("reference.npz", EvaluationLab.Images(2, 90));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Theory]
    [InlineData("statistics.safetensors", null, "lab", true)]
    [InlineData("statistics.npz", null, "pytorchFid", false)]
    [InlineData("statistics.npz", "pytorchFid", "pytorchFid", false)]
    [InlineData("statistics.npz", "cleanFid", "cleanFid", false)]
    [InlineData("statistics.pt", null, "torchFidelity", false)]
    public void Written_and_read_again_they_give_the_same_distance(string file, string? layout, string readAs, bool stated)
    {
        var expected = Fid(_lab.Run("samples.npz", "reference.npz"));
        _lab.Run(_lab.Request("reference.npz", "samples.npz") with { SaveStatistics = file, Layout = layout });

        var result = _lab.Run("samples.npz", file);

        Fid(result).Should().BeApproximately(expected, 1e-12 * expected);
        result.Spaces[0].Reference.Should().Match<EvaluatedReference>(reference => reference.Layout == readAs && reference.Stated == stated);
        _lab.Lines.Should().HaveCount(stated ? 0 : 1);
        result.Spaces[0].Reference.Count.Should().Be(readAs is "pytorchFid" or "torchFidelity" ? null : 90);
    }

    [Fact]
    public void Of_another_network_they_are_refused_with_every_difference()
    {
        Write("statistics.safetensors", [("mean", zeros(32)), ("covariance", eye(32))], new Dictionary<string, string>
        {
            ["extractor"] = "another",
            ["preprocessing"] = "other pixels",
        });

        var refused = FluentActions.Invoking(() => _lab.Run("samples.npz", "statistics.safetensors"))
            .Should().Throw<IncomparableException>().WithMessage("*extractor*another*preprocessing*12x12*other pixels*").Which;
        refused.Conflicts.Select(conflict => conflict.Field).Should().Equal("extractor", "preprocessing");
    }

    [Fact]
    public void Images_that_are_seen_differently_are_refused()
    {
        _lab.Array("larger.npz", EvaluationLab.Images(1, 20, side: 16));

        FluentActions.Invoking(() => _lab.Run("samples.npz", "larger.npz"))
            .Should().Throw<IncomparableException>().WithMessage("*preprocessing*12x12*16x16*");
    }

    [Fact]
    public void Statistics_cannot_be_evaluated_themselves()
    {
        Write("statistics.npz", [("mu", zeros(32)), ("sigma", eye(32))]);

        Refused("statistics.npz", "reference.npz", "*only statistics*must be images");
    }

    [Theory]
    [InlineData("width", "*statistics of 5 features*those of embedded are 32*")]
    [InlineData("nan", "*statistics.npz*not finite*")]
    [InlineData("infinite mean", "*statistics.npz*not finite*")]
    [InlineData("huge", "*statistics.npz*above 1E+100*")]
    [InlineData("nan feats", "*statistics.npz*'feats'*not finite*")]
    [InlineData("half", "*'mu' without 'sigma'*")]
    [InlineData("shape", "*'mu' [32]*'sigma' [32, 31]*")]
    [InlineData("asymmetric", "*'sigma'*not symmetric*")]
    [InlineData("negative", "*'sigma'*negative variances*")]
    [InlineData("feats", "*'feats' [4, 2, 2]*")]
    public void What_are_no_statistics_is_described(string mistake, string message)
    {
        var broken = eye(32);
        if (mistake == "asymmetric")
            broken[0, 1] = 1;
        if (mistake == "nan")
            broken[3, 3] = float.NaN;
        Write("statistics.npz", mistake switch
        {
            "width" => [("mu", zeros(5)), ("sigma", eye(5))],
            "infinite mean" => [("mu", full(32, double.NegativeInfinity)), ("sigma", broken)],
            "huge" => [("mu", full(32, 1e300, dtype: float64)), ("sigma", broken)],
            "nan feats" => [("feats", full([4, 32], double.NaN))],
            "half" => [("mu", zeros(32))],
            "shape" => [("mu", zeros(32)), ("sigma", zeros(32, 31))],
            "negative" => [("mu", zeros(32)), ("sigma", -eye(32))],
            "feats" => [("feats", zeros(4, 2, 2))],
            _ => [("mu", zeros(32)), ("sigma", broken)],
        });

        Refused("samples.npz", "statistics.npz", message);
    }

    [Fact]
    public void A_file_beside_others_of_adms_serves_both_ways()
    {
        // As ADM's reference batches: some images, and statistics of more.
        var more = EvaluationLab.Images(4, 40);
        _lab.Array("more.npz", more);
        _lab.Run(_lab.Request("more.npz", "samples.npz") with { SaveStatistics = "more.stats.npz" });
        var statistics = TensorFile.Open(_lab.At("more.stats.npz"));
        Npz.Write(_lab.At("batch.npz"),
        [
            ("arr_0", StoredTensor.Of(more.slice(0, 0, 10, 1).permute(0, 2, 3, 1).contiguous())),
            ("mu", statistics.Tensors["mu"]), ("sigma", statistics.Tensors["sigma"]),
        ]);

        Fid(_lab.Run("samples.npz", "batch.npz")).Should().Be(Fid(_lab.Run("samples.npz", "more.stats.npz")));
    }

    private void Refused(string samples, string reference, string message) =>
        FluentActions.Invoking(() => _lab.Run(samples, reference)).Should().Throw<LabException>().WithMessage(message);

    private void Write(string name, (string, Tensor)[] arrays, Dictionary<string, string>? metadata = null)
    {
        if (metadata is null)
            Npz.Write(_lab.At(name), [.. arrays.Select(array => (array.Item1, StoredTensor.Of(array.Item2)))]);
        else
            Safetensors.Write(_lab.At(name), [.. arrays.Select(array => (array.Item1, array.Item2))], metadata);
    }

    private static double Fid(EvaluationResult result) => result.Spaces[0].Metrics.Single(metric => metric.Name == "fid").Value;
}
