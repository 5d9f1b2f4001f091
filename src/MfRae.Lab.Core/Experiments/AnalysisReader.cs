using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Reads the analysis that a file declares before the run: `smallestRelevantEffect`, `contrasts` and `pilotSeeds`.</summary>
internal sealed class AnalysisReader(Diagnostics mistakes)
{
    private const string Form = "write { \"name\": \"interaction\", \"weights\": { \"arm\": 1, \"other arm\": -1 } }";
    private const int LongestTitle = 200;

    // Weights such as ⅓ have rounding errors.
    private const double LargestSum = 1e-6;

    private static readonly string[] Names = ["name", "title", "weights", "metric", "smallestRelevantEffect"];

    /// <summary>The smallest relevant effect of the document, or null.</summary>
    public double? Effect(LocatedObject owner)
    {
        if (owner.Get("smallestRelevantEffect") is not { } node)
        {
            return null;
        }

        if (Number(node) is { } effect && effect > 0 && double.IsFinite(effect))
        {
            return effect;
        }

        mistakes.Add(
            node.Location,
            $"expected a number above 0, got {node.Describe()}",
            "write the smallest effect that matters: a log ratio such as 0.03 (3 %), or a difference for metrics that may be zero or negative");
        return null;
    }

    /// <summary>The declared contrasts.</summary>
    /// <param name="arms">The names of the arms.</param>
    /// <param name="primary">The primary metric.</param>
    /// <param name="checkMetric">Takes each metric, whose arms are checked later.</param>
    public IReadOnlyList<Contrast> Contrasts(
        LocatedNode? node, IReadOnlyList<string> arms, string primary, Action<string, Location> checkMetric)
    {
        if (node is null)
        {
            return [];
        }

        if (node is not LocatedArray { Items: { Count: > 0 } items })
        {
            mistakes.Add(
                node.Location, node is LocatedArray ? "`contrasts` is empty" : $"expected an array of contrasts, got {node.Describe()}", $"{Form}, or remove it");
            return [];
        }

        var contrasts = new List<Contrast>();
        foreach (var item in items)
        {
            if (item is not LocatedObject written)
            {
                mistakes.Add(item.Location, $"expected a contrast, got {item.Describe()}", Form);
            }
            else if (ReadContrast(written, arms, primary, checkMetric) is { } contrast)
            {
                if (contrasts.Exists(other => ArtifactName.SameFile.Equals(other.Name, contrast.Name)))
                {
                    mistakes.Add(written.Get("name")!.Location, $"two contrasts have the name `{contrast.Name}`", "give each contrast a different name");
                }

                contrasts.Add(contrast);
            }
        }

        return contrasts;
    }

    /// <summary>The pilot seeds, which must differ from the confirmation seeds.</summary>
    public IReadOnlyList<long> Pilots(LocatedNode? node, IReadOnlyList<long> seeds)
    {
        if (node is null)
        {
            return [];
        }

        var pilots = new SeedReader(mistakes, "pilotSeeds").Read(node);
        foreach (var both in pilots.Intersect(seeds).Order())
        {
            mistakes.Add(
                node.Location,
                $"seed {both.ToString(CultureInfo.InvariantCulture)} is in `seeds` and in `pilotSeeds`",
                "remove it from `seeds`: a seed that explored cannot confirm");
        }

        return pilots;
    }

    private Contrast? ReadContrast(LocatedObject written, IReadOnlyList<string> arms, string primary, Action<string, Location> checkMetric)
    {
        int before = mistakes.Count;
        foreach (var unknown in written.Properties.Where(property => !Names.Contains(property.Name)))
        {
            mistakes.Add(unknown.Key, $"unknown option `{unknown.Name}`", Nearest.Suggest(unknown.Name, Names));
        }

        string? name = Text(written, "name");
        if (written.Get("name") is null)
        {
            mistakes.Add(written.Location.Child("name"), "`name` is missing", Form);
        }
        else if (name is not null && !ArtifactName.IsArm(name))
        {
            mistakes.Add(
                written.Get("name")!.Location,
                $"`{PrintableText.Of(name)}` is not a valid name of a contrast",
                $"use letters, digits and . _ = , + -, at most {ArtifactName.ArmBytes} bytes; a `title` may contain any characters");
        }

        string? title = Text(written, "title");
        if (title is not null && (title.Trim().Length == 0 || title.Length > LongestTitle || title.Any(PrintableText.IsHidden)))
        {
            mistakes.Add(
                written.Get("title")!.Location,
                "this is not a valid title",
                $"write 1 to {LongestTitle} characters on one line, without control characters");
        }

        string? metric = Text(written, "metric");
        if (metric is not null)
        {
            checkMetric(metric, written.Get("metric")!.Location);
            if (metric != primary && written.Get("smallestRelevantEffect") is null)
            {
                mistakes.Warn(
                    written.Get("metric")!.Location,
                    $"the contrast has no verdict: the smallest relevant effect of the experiment is that of `{primary}`",
                    "declare `smallestRelevantEffect` in the contrast");
            }
        }

        var weights = Weights(written, arms);
        var effect = Effect(written);
        return mistakes.Count > before || name is null || weights is null ? null : new(name, weights, title, metric, effect);
    }

    private Dictionary<string, double>? Weights(LocatedObject written, IReadOnlyList<string> arms)
    {
        if (written.Get("weights") is not LocatedObject { Properties: var properties } node)
        {
            mistakes.Add(
                written.Get("weights")?.Location ?? written.Location.Child("weights"),
                written.Get("weights") is { } other ? $"expected an object, got {other.Describe()}" : "`weights` is missing",
                Form);
            return null;
        }

        var weights = new Dictionary<string, double>();
        foreach (var property in properties.Where(property => !property.Value.IsNull))
        {
            if (!arms.Contains(property.Name))
            {
                mistakes.Add(property.Key, $"unknown arm `{PrintableText.Of(property.Name)}`", Nearest.Suggest(property.Name, arms));
            }
            else if (Number(property.Value) is { } weight && double.IsFinite(weight))
            {
                if (weight != 0)
                {
                    weights[property.Name] = weight;
                }
            }
            else
            {
                mistakes.Add(property.Value.Location, $"expected a number, got {property.Value.Describe()}", "write the weight of the arm, such as 1 or -0.5");
            }
        }

        var sum = weights.Values.Sum();
        if (weights.Count < 2 || Math.Abs(sum) > LargestSum)
        {
            mistakes.Add(
                node.Location,
                weights.Count < 2
                    ? "a contrast needs at least two arms with a weight other than 0"
                    : string.Create(CultureInfo.InvariantCulture, $"the weights have the sum {sum:G4}, not 0"),
                "weights above 0 and below 0 must cancel, such as 1 and -1");
        }

        return weights;
    }

    private string? Text(LocatedObject owner, string name)
    {
        if (owner.Get(name) is { } node && node is not LocatedScalar { Text: not null })
        {
            mistakes.Add(node.Location, $"expected a string, got {node.Describe()}", null);
        }

        return owner.GetText(name);
    }

    private static double? Number(LocatedNode node) => node is LocatedScalar { Kind: JsonValueKind.Number, Json: var json }
        && double.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
