using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Fréchet distances of pairs of matrices by each implementation that the manifest quotes.</summary>
/// <param name="features">The features [N, F] of a name.</param>
internal sealed partial class FrechetCheck(ReferenceManifest manifest, Func<string, Tensor> features)
{
    public void Run(JsonProperty entry)
    {
        if (entry.Name == "adm_mean_is_float32")
            SingleMean(entry.Value);
        else if (Shift().Match(entry.Name) is { Success: true } shift)
            MeanShift(entry, double.Parse(shift.Groups[1].Value, CultureInfo.InvariantCulture));
        else
            Pair(entry);
    }

    private void Pair(JsonProperty entry)
    {
        var names = MetricsCheck.Parse(PairName(), entry.Name);
        var (first, second) = (features(names[1].Value), features(names[2].Value));
        var ranks = entry.Value.GetProperty("ranks").EnumerateArray().Select(rank => rank.GetInt64()).ToArray();
        new[] { Rank(first), Rank(second) }.Should().Equal(ranks, "the ranks of {0}", entry.Name);
        var exact = entry.Value.GetProperty("exact_nuclear_f64").GetDouble();
        // Roots of matrices carry the square root of rounding for each direction that a set leaves empty.
        var roots = ranks.All(rank => rank == first.shape[1]) ? 1e-9 : 1e-6;
        var (fromFeatures, fromMoments) = (
            FrechetDistance.BetweenFeatures(first, second),
            FrechetDistance.Between(FeatureStatistics.Of(first), FeatureStatistics.Of(second)));
        void Near(double value, double expected, double relative) =>
            value.Should().BeApproximately(expected, 1e-9 + (relative * Math.Abs(expected)), "{0} in {1}", entry.Name, manifest.Path);

        Near(fromMoments, exact, roots);
        foreach (var value in entry.Value.EnumerateObject().Where(value => value.Name != "ranks"))
        {
            var expected = value.Value.GetDouble();
            switch (value.Name)
            {
                case "exact_nuclear_f64":
                    Near(fromFeatures, expected, 1e-9);
                    break;
                case "exact_psd_f64" or "pytorch_fid":
                    Near(fromFeatures, expected, roots);
                    break;
                case "adm" or "torch_fidelity":
                    Near(WithSingleMeans(first, second, fromFeatures), expected, 1e-6);
                    break;
                default:
                    throw new InvalidOperationException($"no check reads {value.Name} of {entry.Name} in {manifest.Path}");
            }
        }
    }

    // Moving a set as a whole costs the square of the way.
    private void MeanShift(JsonProperty entry, double shift)
    {
        var statistics = FeatureStatistics.Of(features("real"));
        var distance = FrechetDistance.Between(statistics, statistics with { Mean = statistics.Mean + shift });
        foreach (var value in entry.Value.EnumerateObject())
            distance.Should().BeApproximately(value.Value.GetDouble(), 1e-9, "{0} by {1}", entry.Name, value.Name);
        entry.Value.GetProperty("analytic").GetDouble().Should().BeApproximately(shift * shift * statistics.Mean.shape[0], 1e-9);
    }

    private void SingleMean(JsonElement value)
    {
        value.GetProperty("adm_mu_dtype").GetString().Should().Be("float32");
        value.GetProperty("sigma_dtype").GetString().Should().Be("float64");
        var set = features("real");
        (SingleMean(set).to(float64) - set.to(float64).mean([0])).abs().max().item<double>()
            .Should().BeApproximately(value.GetProperty("max_abs_mu_f32_vs_f64").GetDouble(), 1e-12);
    }

    // The implementations that average float32 features in float32, a row at a time, differ by those means alone.
    private static double WithSingleMeans(Tensor first, Tensor second, double distance)
    {
        var wide = (first.to(float64).mean([0]) - second.to(float64).mean([0])).square().sum().item<double>();
        var single = (SingleMean(first) - SingleMean(second)).to(float64).square().sum().item<double>();
        return distance - wide + single;
    }

    private static Tensor SingleMean(Tensor features)
    {
        var sum = zeros(features.shape[1], dtype: float32);
        foreach (var row in features.to(float32).unbind(0))
            sum.add_(row);
        return sum / features.shape[0];
    }

    private static long Rank(Tensor features) =>
        linalg.matrix_rank(features.to(float64) - features.to(float64).mean([0])).item<long>();

    [GeneratedRegex(@"^(\w+)_vs_(\w+)$")]
    private static partial Regex PairName();

    [GeneratedRegex(@"^mean_shift_([\d.]+)_same_sigma$")]
    private static partial Regex Shift();
}
