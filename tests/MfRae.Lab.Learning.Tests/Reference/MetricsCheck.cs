using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Each entry of the manifest's `values`, whose names say which matrices and which implementation it is of; an entry that nobody knows is
/// a failure.
/// </summary>
internal sealed partial class MetricsCheck : IReferenceCheck
{
    public string Kind => "metrics";

    public void Run(ReferenceManifest manifest)
    {
        using var quiet = no_grad();
        foreach (var group in manifest.Json.GetProperty("values").EnumerateObject())
        {
            foreach (var entry in group.Value.EnumerateObject())
            {
                switch (group.Name)
                {
                    case "fid":
                        new FrechetCheck(manifest, name => manifest[name]).Run(entry);
                        break;
                    case "sfid":
                        new FrechetCheck(manifest, name => Spatial(manifest["sfid.spatial_" + name])).Run(entry);
                        break;
                    case "inception_score":
                        InceptionScores(manifest, entry);
                        break;
                    case "kid":
                        KernelDistances(manifest, entry);
                        break;
                    case "prc":
                        new PrecisionRecallCheck(manifest).Run(entry, prefix: "");
                        break;
                    default:
                        throw new InvalidOperationException($"no check reads values of {group.Name} in {manifest.Path}");
                }
            }
        }
        Moments(manifest);
        Draws(manifest);
    }

    /// <summary>A regular expression's groups in the name of a value, which must match.</summary>
    internal static GroupCollection Parse(Regex pattern, string name)
    {
        var match = pattern.Match(name);
        match.Success.Should().BeTrue("'{0}' must be a value that a check reads", name);
        return match.Groups;
    }

    private static Tensor Spatial(Tensor map) => map.slice(3, 0, FidInception.SpatialChannels, 1).flatten(1);

    // NAME.mu.f64 and NAME.sigma.f64 of the features NAME.
    private static void Moments(ReferenceManifest manifest)
    {
        foreach (var name in manifest.Listed.Where(name => name.EndsWith(".mu.f64", StringComparison.Ordinal)).Select(name => name[..^7]))
        {
            var statistics = FeatureStatistics.Of(manifest[name]);
            manifest.Compare(name + ".mu.f64", statistics.Mean, relative: 1e-12);
            manifest.Compare(name + ".sigma.f64", statistics.Covariance, relative: 1e-12);
        }
    }

    private static void InceptionScores(ReferenceManifest manifest, JsonProperty entry)
    {
        var logits = manifest["logits"];
        var parts = Parse(ScoreName(), entry.Name);
        var count = int.Parse(parts["count"].Value, CultureInfo.InvariantCulture);
        if (parts["source"].Value == "adm")
        {
            // ADM takes the softmax in float32.
            InceptionScore.OfChunks(logits, count).Mean.Should().BeApproximately(entry.Value.GetDouble(), 1e-5 * entry.Value.GetDouble());
            return;
        }
        if (parts["order"].Value == "shuffle")
            logits = logits[tensor(new NumpyRandom(ScoreSeed(manifest)).Permutation((int)logits.shape[0]))];
        var score = InceptionScore.OfSplits(logits, count);
        var mean = entry.Value.GetProperty("inception_score_mean").GetDouble();
        score.Mean.Should().BeApproximately(mean, 1e-9 * mean, entry.Name);
        score.Deviation.Should().BeApproximately(entry.Value.GetProperty("inception_score_std").GetDouble(), 1e-9 * mean, entry.Name);
    }

    private static void KernelDistances(ReferenceManifest manifest, JsonProperty entry)
    {
        var (fake, real) = (manifest["fake"], manifest["real"]);
        var parts = Parse(KernelName(), entry.Name);
        int Whole(string group) => int.Parse(parts[group].Value, CultureInfo.InvariantCulture);
        if (parts["rows"].Success)
        {
            var rows = Whole("rows");
            KernelDistance.Between(fake.slice(0, 0, rows, 1), real.slice(0, 0, rows, 1))
                .Should().BeApproximately(entry.Value.GetDouble(), 1e-9, entry.Name);
            return;
        }
        // The lab has no float32 form: what that loses is within its rounding.
        var tolerance = parts["type"].Value == "f64" ? 1e-9 : 5e-6;
        var distance = KernelDistance.Of(fake, real, Whole("subsets"), Whole("size"), KernelSeed(manifest));
        distance.Mean.Should().BeApproximately(
            entry.Value.GetProperty("kernel_inception_distance_mean").GetDouble(), tolerance, entry.Name);
        distance.Deviation.Should().BeApproximately(
            entry.Value.GetProperty("kernel_inception_distance_std").GetDouble(), tolerance, entry.Name);
        if (manifest.Has("kid.mmd_per_subset.f64") && manifest["kid.mmd_per_subset.f64"].shape[0] == distance.Subsets.Count)
            manifest.Compare("kid.mmd_per_subset.f64", tensor(distance.Subsets.ToArray()), absolute: 1e-9);
    }

    // The random numbers of NumPy: the order of the logits, and the rows of each subset.
    private static void Draws(ReferenceManifest manifest)
    {
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("is.permutation_", StringComparison.Ordinal)))
        {
            var order = new NumpyRandom(uint.Parse(name.Split('_')[^1], CultureInfo.InvariantCulture));
            manifest.Compare(name, tensor(order.Permutation((int)manifest[name].shape[0])));
        }
        if (!manifest.Has("kid.idx_fake"))
            return;
        var random = new NumpyRandom(KernelSeed(manifest));
        var (subsets, size) = (manifest["kid.idx_fake"].shape[0], (int)manifest["kid.idx_fake"].shape[1]);
        var rows = new Dictionary<string, List<long[]>> { ["fake"] = [], ["real"] = [] };
        for (var i = 0; i < subsets; i++)
        {
            foreach (var (name, drawn) in rows)
                drawn.Add(random.Permutation((int)manifest[name].shape[0])[..size]);
        }
        foreach (var (name, drawn) in rows)
            manifest.Compare("kid.idx_" + name, stack(drawn.Select(subset => tensor(subset))));
    }

    private static uint ScoreSeed(ReferenceManifest manifest) => Seed(manifest, "IS");

    private static uint KernelSeed(ReferenceManifest manifest) => Seed(manifest, "KID");

    private static uint Seed(ReferenceManifest manifest, string formula)
    {
        var text = manifest.Json.GetProperty("formulas").GetProperty(formula).GetString()!;
        return uint.Parse(Parse(RandomState(), text)[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"RandomState\((\d+)\)")]
    private static partial Regex RandomState();

    [GeneratedRegex(@"^(?<source>torch_fidelity)_splits(?<count>\d+)(_(?<order>shuffle|noshuffle))?$|^(?<source>adm)_split(?<count>\d+)\b")]
    private static partial Regex ScoreName();

    [GeneratedRegex(@"^torch_fidelity subsets=(?<subsets>\d+) size=(?<size>\d+) (?<type>f32|f64) features$"
        + @"|^first (?<rows>\d+) of each\b.*\bd=3\b")]
    private static partial Regex KernelName();
}
