using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Precision and recall as counts, the radii behind them, and by how much the closest decision was one.</summary>
internal sealed partial class PrecisionRecallCheck(ReferenceManifest manifest)
{
    /// <param name="prefix">Of the names of the matrices: empty, or that of a group of smaller ones.</param>
    public void Run(JsonProperty entry, string prefix)
    {
        if (entry.Name == "margins")
        {
            Margins(entry.Value, prefix);
        }
        else if (entry.Value.ValueKind == JsonValueKind.Object && !entry.Value.TryGetProperty("precision", out _))
        {
            foreach (var inner in entry.Value.EnumerateObject())
                Run(inner, entry.Name + "_");
        }
        else
        {
            Counts(entry, prefix);
        }
    }

    private void Counts(JsonProperty entry, string prefix)
    {
        var names = MetricsCheck.Parse(EntryName(), entry.Name);
        var fake = manifest[prefix + (names["fake"].Success ? names["fake"].Value : "fake")];
        var real = manifest[prefix + (names["real"].Success ? names["real"].Value : "real")];
        var found = PrecisionRecall.Of(fake, real);
        // Distances in float16 decide some pairs otherwise.
        var slack = names["type"].Value == "float16" ? 2 : 0;
        void Count(double share, double expected, long of) => Math.Round(share * of).Should().BeInRange(
            Math.Round(expected * of) - slack, Math.Round(expected * of) + slack, "{0} in {1}", entry.Name, manifest.Path);

        if (entry.Value.ValueKind == JsonValueKind.Array)
        {
            Count(found.Precision, entry.Value[0].GetDouble(), fake.shape[0]);
            Count(found.Recall, entry.Value[1].GetDouble(), real.shape[0]);
            return;
        }
        Count(found.Precision, entry.Value.GetProperty("precision").GetDouble(), fake.shape[0]);
        Count(found.Recall, entry.Value.GetProperty("recall").GetDouble(), real.shape[0]);
        if (entry.Value.TryGetProperty("f_score", out var score))
            found.FScore.Should().BeApproximately(score.GetDouble(), 1e-6, entry.Name);
        if (prefix.Length > 0)
            return;
        foreach (var (set, features) in new[] { ("real", real), ("fake", fake) })
        {
            var listed = $"prc.radii_sq_{set}.f32";
            if (manifest.Has(listed))
                manifest.Compare(listed, PrecisionRecall.SquaredRadii(features.to(float64)).unsqueeze(1), relative: 1e-6);
        }
    }

    // For precision, then for recall: the closest distance to any radius, and the closest by which a point was inside or outside of all.
    private void Margins(JsonElement margins, string prefix)
    {
        var (fake, real) = (manifest[prefix + "fake"].to(float64), manifest[prefix + "real"].to(float64));
        (Tensor Points, Tensor Centres)[] directions = [(fake, real), (real, fake)];
        for (var i = 0; i < directions.Length; i++)
        {
            var radii = PrecisionRecall.SquaredRadii(directions[i].Centres).sqrt();
            var distances = (directions[i].Points.unsqueeze(1) - directions[i].Centres).square().sum(-1).sqrt();
            var margin = (radii - distances) / radii;
            void Near(string name, Tensor value) => value.item<double>().Should().BeApproximately(
                margins.GetProperty(name)[i].GetDouble(), 1e-12, "{0} in {1}", name, manifest.Path);
            Near("min_rel_margin_any_pair", margin.abs().min());
            Near("min_decisive_rel_margin", margin.amax([1]).abs().min());
        }
    }

    [GeneratedRegex(@"^torch_fidelity(\(features_1=(?<fake>\w+), features_2=(?<real>\w+)\))? (?<type>f32|f64)$"
        + @"|^adm(\(ref=(?<real>\w+), sample=(?<fake>\w+)\))? (?<type>f64|float64|float32|float16)( distances)?$")]
    private static partial Regex EntryName();
}
