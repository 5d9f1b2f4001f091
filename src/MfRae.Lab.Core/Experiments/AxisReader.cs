using System.Globalization;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Turns `axes` into arms: one for each combination of levels, or with `zip` one for each position in the axes. The levels of an axis are an
/// array of values of one option, a distribution from which values are drawn, or an object with names: values of the option that the axis is
/// named after, or patches of `base` if the name of the axis is not an option.
/// </summary>
internal sealed class AxisReader(Diagnostics mistakes)
{
    private const int MostArms = 1000;

    private readonly List<string> _paths = [.. OptionTypes.Paths(OptionTypes.Lab())];

    public AxisGrid Read(LocatedNode node, LocatedObject document)
    {
        if (node is not LocatedObject { Properties: var properties } || properties.All(property => property.Value.IsNull))
        {
            mistakes.Add(
                node.Location,
                $"expected at least one axis, got {(node is LocatedObject ? "an empty object" : node.Describe())}",
                "write \"axes\": { \"path.to.option\": [values] }");
            return new AxisGrid([], [], []);
        }

        bool zip = document.Get("zip") is LocatedScalar { Json: "true" };
        // A seed that is not a whole number is reported with the other options of the file.
        long seed = document.Get("drawSeed") is LocatedScalar { Json: var written } && int.TryParse(written, CultureInfo.InvariantCulture, out int given) ? given : 0;
        var random = new RandomAxis(mistakes, seed, distinct: !zip);
        var axes = properties.Where(property => !property.Value.IsNull).Select(property => ReadAxis(property, random)).OfType<Axis>().ToList();
        CheckOverlap(axes);
        var combinations = zip ? Zip(axes) : Grid(axes, node.Location);
        return new AxisGrid(axes, combinations, Name(axes, combinations));
    }

    /// <summary>The arm whose levels `baseline` gives.</summary>
    /// <returns>The name of the arm, or null after a mistake.</returns>
    public string? Baseline(LocatedObject written, AxisGrid grid)
    {
        int before = mistakes.Count;
        var left = Enumerable.Range(0, grid.Arms.Count).ToList();
        foreach (var property in written.Properties.Where(property => !property.Value.IsNull))
        {
            int i = grid.Axes.ToList().FindIndex(axis => axis.Name == property.Name);
            if (i < 0)
            {
                mistakes.Add(
                    property.Key, $"`{property.Name}` is not an axis", Nearest.Suggest(property.Name, [.. grid.Axes.Select(axis => axis.Name)]));
            }
            else if (!grid.Axes[i].Levels.Any(level => level.Is(property.Value)))
            {
                mistakes.Add(
                    property.Value.Location,
                    $"{property.Value.ToJson()?.ToJsonString()} is not a {grid.Axes[i].LevelNoun} of the axis",
                    Nearest.Either([.. grid.Axes[i].Levels.Select(level => level.Json)]));
            }
            else
            {
                left.RemoveAll(arm => !grid.Combinations[arm][i].Is(property.Value));
            }
        }

        if (mistakes.Count == before && left.Count != 1)
        {
            mistakes.Add(
                written.Location, $"{left.Count} arms match the baseline", $"give one {grid.Axes[0].LevelNoun} for each axis, e.g. {grid.Example}");
        }

        return left.Count == 1 ? grid.Arms[left[0]].Name : null;
    }

    /// <summary>Suggests the nearest path, or paths with the same last name.</summary>
    public static string SuggestPath(string path, IReadOnlyCollection<string> paths)
    {
        string last = path[(path.LastIndexOf('.') + 1)..];
        var sameEnd = paths.Where(candidate => candidate == last || candidate.EndsWith("." + last, StringComparison.Ordinal)).Take(3)
            .ToList();
        return Nearest.To(path, paths) is { } near ? $"did you mean `{near}`?"
            : sameEnd.Count > 0 ? $"did you mean {string.Join(" or ", sameEnd.Select(candidate => $"`{candidate}`"))}?"
            : "write the path below `base`, e.g. `meanflow.lambda`; `options` lists all of them";
    }

    private Axis? ReadAxis(LocatedProperty property, RandomAxis random)
    {
        bool isOption = _paths.Contains(property.Name);
        var value = property.Value;
        if (!isOption && (value is not LocatedObject || property.Name.Contains('.', StringComparison.Ordinal)))
        {
            mistakes.Add(property.Key, $"unknown option `{property.Name}` in `base`", SuggestPath(property.Name, _paths));
        }
        else if (isOption && value is LocatedObject distribution && distribution.Get(RandomAxis.Draws) is not null)
        {
            var drawn = random.Read(property.Name, distribution);
            return drawn.Count == 0 ? null : new Axis(property.Name, isOption, Levels(property.Name, drawn));
        }
        else if (value is LocatedObject named)
        {
            return ReadNamed(property, named, isOption);
        }

        if (value is LocatedArray { Items: { Count: > 0 } values })
        {
            return isOption ? new Axis(property.Name, isOption, Levels(property.Name, values)) : null;
        }

        if (value is not LocatedObject)
        {
            mistakes.Add(
                value.Location,
                $"expected an array of values, got {(value is LocatedArray ? "an empty array" : value.Describe())}",
                value is LocatedScalar scalar ? $"write [{scalar.Json}]" : "write at least one value");
        }

        return null;
    }

    /// <summary>The levels of an array. A name that several values share gets a number.</summary>
    private static List<AxisLevel> Levels(string path, IReadOnlyList<LocatedNode> values)
    {
        var levels = new List<AxisLevel>();
        foreach (var value in values)
        {
            string text = ValueName(value);
            int same = levels.Count(level => ArtifactName.SameFile.Equals(level.Text, text));
            levels.Add(new AxisLevel(same == 0 ? text : $"{text}-{same + 1}", text, value.Location, MergePatch.At(path.Split('.'), value), value));
        }

        return levels;
    }

    private Axis? ReadNamed(LocatedProperty axis, LocatedObject named, bool isOption)
    {
        if (!isOption)
        {
            CheckName(axis, "axis");
        }

        var levels = new List<AxisLevel>();
        foreach (var property in named.Properties.Where(property => !property.Value.IsNull))
        {
            CheckName(property, "level");
            var patch = isOption ? MergePatch.At(axis.Name.Split('.'), property.Value) : property.Value as LocatedObject;
            if (patch is null)
            {
                mistakes.Add(
                    property.Value.Location,
                    $"expected an object, got {property.Value.Describe()}",
                    $"`{axis.Name}` is not an option, so write the options that the level changes in `base`, in {{ }}; for the values of one "
                        + $"option, name the axis after it: {SuggestPath(axis.Name, _paths)}");
                continue;
            }

            if (levels.Find(other => other.Patch.SameValue(patch)) is { } equal)
            {
                mistakes.Add(property.Key, $"the levels `{equal.Name}` and `{property.Name}` are equal", "remove one level, or change its value");
            }

            levels.Add(new AxisLevel(property.Name, property.Name, property.Key, patch, null));
        }

        if (named.Properties.All(property => property.Value.IsNull))
        {
            mistakes.Add(named.Location, "expected at least one level, got an empty object", "write \"name of the level\": value");
        }

        return levels.Count == 0 ? null : new Axis(axis.Name, isOption, levels);
    }

    private void CheckName(LocatedProperty property, string what)
    {
        if (!ArtifactName.IsArm(property.Name) || property.Name.Contains(',', StringComparison.Ordinal) || property.Name.Contains('=', StringComparison.Ordinal))
        {
            mistakes.Add(
                property.Key,
                $"`{PrintableText.Of(property.Name)}` is not a valid name of {(what == "axis" ? "an axis" : "a level")}",
                "use letters, digits and . _ + -; it becomes part of the names of arms");
        }
    }

    /// <summary>Reports options that two axes set: the second axis would undo the first.</summary>
    private void CheckOverlap(IReadOnlyList<Axis> axes)
    {
        for (int i = 0; i < axes.Count; i++)
        {
            foreach (var (other, path) in axes.Take(i).SelectMany(other => other.Paths.Intersect(axes[i].Paths).Select(path => (other, path))))
            {
                mistakes.Add(
                    axes[i].Levels[0].Location,
                    $"the axes `{other.Name}` and `{axes[i].Name}` both set `{path}`",
                    "let one axis set it");
            }
        }
    }

    private List<IReadOnlyList<AxisLevel>> Grid(IReadOnlyList<Axis> axes, Location at)
    {
        List<IReadOnlyList<AxisLevel>> combinations = [[]];
        foreach (var axis in axes)
        {
            if ((long)combinations.Count * axis.Levels.Count > MostArms)
            {
                mistakes.Add(at, $"the axes give more than {MostArms} arms", "shorten the arrays, or combine axes with \"zip\": true");
                return [];
            }

            combinations = [.. combinations.SelectMany(head => axis.Levels.Select(level => (IReadOnlyList<AxisLevel>)[.. head, level]))];
        }

        return axes.Count == 0 ? [] : combinations;
    }

    private List<IReadOnlyList<AxisLevel>> Zip(IReadOnlyList<Axis> axes)
    {
        foreach (var axis in axes.Where(axis => axis.Levels.Count != axes[0].Levels.Count))
        {
            mistakes.Add(
                axis.Levels[0].Location,
                $"zipped axes must have the same length: `{axis.Name}` has {axis.Levels.Count} {axis.LevelNoun}s, "
                    + $"`{axes[0].Name}` has {axes[0].Levels.Count}",
                "give the axes the same length, or remove `zip` to get all combinations");
        }

        int length = axes.Count == 0 ? 0 : axes.Min(axis => axis.Levels.Count);
        return [.. Enumerable.Range(0, length).Select(i => (IReadOnlyList<AxisLevel>)[.. axes.Select(axis => axis.Levels[i])])];
    }

    private static List<ArmDraft> Name(IReadOnlyList<Axis> axes, IReadOnlyList<IReadOnlyList<AxisLevel>> combinations)
    {
        var labels = axes.Select(axis => axes.Count(other => other.Label == axis.Label) > 1 ? axis.Name : axis.Label).ToList();
        var arms = new List<ArmDraft>();
        foreach (var levels in combinations)
        {
            string name = string.Join(",", levels.Select((level, i) => $"{labels[i]}={level.Text}"));
            int same = arms.Count(arm => ArtifactName.SameFile.Equals(arm.Name, name) || arm.Name.StartsWith(name + "-", StringComparison.OrdinalIgnoreCase));
            var patch = levels.Select(level => level.Patch).Aggregate((a, b) => (LocatedObject)MergePatch.Apply(a, b));
            arms.Add(new ArmDraft(
                same == 0 ? name : $"{name}-{same + 1}",
                levels[^1].Location,
                patch,
                Levels: axes.Zip(levels).ToDictionary(pair => pair.First.Name, pair => pair.Second.Name)));
        }

        return arms;
    }

    private static string ValueName(LocatedNode value)
    {
        string name = value switch
        {
            LocatedScalar scalar => scalar.Text ?? scalar.Json,
            LocatedArray list => string.Join('+', list.Items.Select(ValueName)),
            LocatedObject inner => inner.GetText("kind") ?? "object",
            _ => "",
        };
        return string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '+' or '-' ? c : '-'));
    }
}

/// <summary>The arms of `axes`.</summary>
/// <param name="Combinations">For each arm its level on each axis.</param>
internal sealed record AxisGrid(
    IReadOnlyList<Axis> Axes, IReadOnlyList<IReadOnlyList<AxisLevel>> Combinations, IReadOnlyList<ArmDraft> Arms)
{
    /// <summary>The first arm as `baseline` gives it.</summary>
    public string Example =>
        $"{{ {string.Join(", ", Axes.Zip(Combinations[0]).Select(pair => $"\"{pair.First.Name}\": {pair.Second.Json}"))} }}";
}

/// <summary>An axis.</summary>
/// <param name="Name">The path of the option whose values are the levels, or a label.</param>
/// <param name="IsOption">Whether the name is the path of an option.</param>
internal sealed record Axis(string Name, bool IsOption, IReadOnlyList<AxisLevel> Levels)
{
    /// <summary>Its name in the names of arms: the name of the option; for a `kind` the name of its object: `derivative=jvp`.</summary>
    public string Label => !IsOption ? Name : Name.Split('.') switch
    {
        [.., var owner, "kind"] => owner,
        [.., var last] => last,
        _ => Name,
    };

    /// <summary>The paths of the options that its levels set.</summary>
    public IReadOnlyList<string> Paths { get; } = [.. Levels.SelectMany(level => MergePatch.Leaves(level.Patch)).Distinct()];

    /// <summary>What messages call a level.</summary>
    public string LevelNoun => Levels.Any(level => level.Value is null) ? "level" : "value";
}

/// <summary>A level of an axis.</summary>
/// <param name="Name">Its name, unique on the axis.</param>
/// <param name="Text">Its part of the names of arms.</param>
/// <param name="Location">The location of its name, or of its value.</param>
/// <param name="Patch">The options that it changes in `base`.</param>
/// <param name="Value">The value in the array; null if the level has a name in the file.</param>
internal sealed record AxisLevel(string Name, string Text, Location Location, LocatedObject Patch, LocatedNode? Value)
{
    /// <summary>The level as `baseline` gives it: the value in the array, or the name.</summary>
    public string Json => Value is null ? $"\"{Name}\"" : Value.ToJson()?.ToJsonString() ?? "null";

    /// <summary>Whether `baseline` gives this level.</summary>
    public bool Is(LocatedNode written) => Value?.SameValue(written) ?? (written as LocatedScalar)?.Text == Name;
}
