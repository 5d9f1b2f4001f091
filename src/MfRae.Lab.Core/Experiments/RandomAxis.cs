using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Draws the values of a random axis: `{ "logUniform": [1e-4, 1e-2], "draws": 8 }`, `uniform`, or `choice` among written values. A value is
/// a function of `drawSeed`, the name of the axis and the number of the draw, so more draws keep the earlier values and their stages.
/// </summary>
/// <param name="seed">`drawSeed` of the file.</param>
/// <param name="distinct">Whether a repeated value is drawn again; not for zipped axes, where it belongs to another combination.</param>
internal sealed class RandomAxis(Diagnostics mistakes, long seed, bool distinct)
{
    /// <summary>The property with the number of values, which distinguishes a random axis from named levels.</summary>
    public const string Draws = "draws";

    private const string LogUniform = "logUniform";
    private const string Uniform = "uniform";
    private const string Choice = "choice";
    private const int MostDraws = 1000;

    // Far above the number of draws until all values of a choice have occurred.
    private const int TriesForADraw = 200;

    // Rounded values have short names, and do not depend on the last bits of a machine's exponential function.
    private const string FourDigits = "E3";

    private static readonly string[] Distributions = [LogUniform, Uniform, Choice];

    /// <summary>The JSON Schema of a random axis.</summary>
    public static JsonObject Schema()
    {
        JsonObject Interval(string description) => new()
        {
            ["type"] = "array",
            ["items"] = new JsonObject { ["type"] = "number" },
            ["minItems"] = 2,
            ["maxItems"] = 2,
            ["description"] = description,
        };

        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Values that are drawn at random, by `drawSeed` of the file.",
            ["properties"] = new JsonObject
            {
                [LogUniform] = Interval("The ends of an interval in which the logarithm of the value is uniform."),
                [Uniform] = Interval("The ends of an interval in which the value is uniform."),
                [Choice] = new JsonObject { ["type"] = "array", ["minItems"] = 1, ["description"] = "Values that are equally likely." },
                [Draws] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = MostDraws, ["description"] = "The number of values." },
            },
            ["required"] = new JsonArray(Draws),
            ["additionalProperties"] = false,
        };
    }

    /// <summary>The values; empty after a mistake.</summary>
    /// <param name="path">The option that the axis is named after.</param>
    public IReadOnlyList<LocatedNode> Read(string path, LocatedObject written)
    {
        int before = mistakes.Count;
        foreach (var unknown in written.Properties.Where(property => property.Name != Draws && !Distributions.Contains(property.Name)))
        {
            mistakes.Add(unknown.Key, $"unknown property `{unknown.Name}` of a random axis", Nearest.Suggest(unknown.Name, [.. Distributions, Draws]));
        }

        string[] given = [.. Distributions.Where(name => written.Get(name) is not null)];
        if (mistakes.Count == before && given.Length != 1)
        {
            mistakes.Add(
                written.Location,
                given.Length == 0 ? "a random axis needs a distribution" : $"a random axis has one distribution, got {string.Join(" and ", given)}",
                "write { \"logUniform\": [1e-4, 1e-2], \"draws\": 8 }, or `uniform` with its ends, or `choice` with an array of values");
        }

        int count = Count(written.Get(Draws), written.Location);
        if (mistakes.Count > before)
        {
            return [];
        }

        var distribution = written.Get(given[0])!;
        var draw = given[0] == Choice ? Chosen(distribution) : Numbers(path, distribution, given[0] == LogUniform);
        return draw is null ? [] : Collect(path, written.Location, count, draw);
    }

    private int Count(LocatedNode? node, Location at)
    {
        if (node is LocatedScalar { Kind: JsonValueKind.Number } number
            && int.TryParse(number.Json, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= MostDraws)
        {
            return count;
        }

        mistakes.Add(
            node?.Location ?? at,
            node is null ? "a random axis needs `draws`" : $"expected the number of draws, got {node.Describe()}",
            $"write a whole number from 1 to {MostDraws}");
        return 0;
    }

    private Func<double, LocatedNode>? Chosen(LocatedNode node)
    {
        if (node is LocatedArray { Items: { Count: > 0 } items })
        {
            return part => items[(int)(part * items.Count)];
        }

        mistakes.Add(node.Location, $"expected an array of values, got {(node is LocatedArray ? "an empty array" : node.Describe())}", "write at least one value");
        return null;
    }

    private Func<double, LocatedNode>? Numbers(string path, LocatedNode node, bool logarithmic)
    {
        var shapes = OptionTypes.ShapesAt(OptionTypes.Lab(), path).OfType<NumberShape>().ToList();
        if (shapes.Count == 0)
        {
            mistakes.Add(node.Location, $"`{path}` is not a number", "write \"choice\": [values]");
            return null;
        }

        double least = shapes.Min(shape => shape.Minimum);
        double most = shapes.Max(shape => shape.Maximum);
        if (OptionView.Numbers(node) is not [var low, var high] || !(low < high) || (logarithmic && low <= 0))
        {
            mistakes.Add(
                node.Location,
                $"expected the two ends of an interval, got {(node as LocatedArray)?.ToJson().ToJsonString() ?? node.Describe()}",
                logarithmic ? "write [low, high] with 0 < low < high" : "write [low, high] with low < high");
            return null;
        }

        if (low < least || high > most)
        {
            mistakes.Add(node.Location, $"{((LocatedArray)node).ToJson().ToJsonString()} is out of range", $"`{path}` is {shapes[0].Expected}");
            return null;
        }

        bool whole = shapes.TrueForAll(shape => shape.Whole);
        return part => new LocatedScalar(node.Location, JsonValueKind.Number, Text(Value(low, high, part, logarithmic, whole), low, high, whole));
    }

    private static double Value(double low, double high, double part, bool logarithmic, bool whole) =>
        logarithmic ? Math.Exp(Math.Log(low) + (part * (Math.Log(high) - Math.Log(low))))
        // Each whole number is as likely as the others, the ends included.
        : whole ? Math.Floor(low + (part * (high - low + 1)))
        : low + (part * (high - low));

    private static string Text(double value, double low, double high, bool whole)
    {
        double rounded = whole ? Math.Round(value) : double.Parse(value.ToString(FourDigits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Clamp(rounded, low, high).ToString(whole ? "F0" : "R", CultureInfo.InvariantCulture).ToLowerInvariant();
    }

    private List<LocatedNode> Collect(string path, Location at, int count, Func<double, LocatedNode> draw)
    {
        var values = new List<LocatedNode>();
        for (int i = 0; values.Count < count && i < count * TriesForADraw; i++)
        {
            var value = draw(Part(path, i));
            if (!distinct || !values.Exists(other => other.SameValue(value)))
            {
                values.Add(value);
            }
        }

        if (values.Count < count)
        {
            mistakes.Add(
                at,
                $"`draws` is {count}, but the axis has only {values.Count} different values",
                $"write at most {values.Count}, or combine the axis with others by \"zip\": true, where values may repeat");
        }

        return values;
    }

    // The 53 highest bits of the 63: a number from 0 to 1, without 1.
    private double Part(string path, int draw) => (Seed.For(seed, $"axis {path}", draw) >> 10) * Math.ScaleB(1, -53);
}
