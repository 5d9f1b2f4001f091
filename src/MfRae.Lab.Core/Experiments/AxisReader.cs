using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Turns `axes` into arms: one for each combination of values, or with `zip` one for each position in the lists.</summary>
internal sealed class AxisReader(Diagnostics mistakes)
{
    private const int MostArms = 1000;

    public ArmDrafts Read(LocatedNode node, LocatedObject document)
    {
        if (node is not LocatedObject { Properties: var properties } || properties.All(property => property.Value.IsNull))
        {
            mistakes.Add(
                node.Location,
                $"expected at least one axis, got {(node is LocatedObject ? "an empty object" : node.Describe())}",
                "write \"axes\": { \"path.to.option\": [values] }");
            return new ArmDrafts([], null);
        }

        var axes = properties.Where(property => !property.Value.IsNull).Select(ReadAxis).OfType<Axis>().ToList();
        bool zip = document.Get("zip") is LocatedScalar { Json: "true" };
        var combinations = zip ? Zip(axes) : Grid(axes, node.Location);
        var arms = Name(axes, combinations);
        return new ArmDrafts(arms, Baseline(document, axes, combinations, arms));
    }

    private Axis? ReadAxis(LocatedProperty property)
    {
        var paths = OptionTypes.Paths(OptionTypes.Lab()).ToList();
        bool known = paths.Contains(property.Name);
        if (!known)
        {
            mistakes.Add(property.Key, $"unknown option `{property.Name}` in `base`", SuggestPath(property.Name, paths));
        }

        if (property.Value is not LocatedArray { Items: { Count: > 0 } values })
        {
            string found = property.Value is LocatedArray ? "an empty array" : property.Value.Describe();
            mistakes.Add(
                property.Value.Location,
                $"expected an array of values, got {found}",
                property.Value is LocatedScalar scalar ? $"write [{scalar.Json}]" : "write at least one value");
            return null;
        }

        return known ? new Axis(property.Name, values) : null;
    }

    /// <summary>Suggests the nearest path, or paths with the same last name.</summary>
    public static string SuggestPath(string path, IReadOnlyCollection<string> paths)
    {
        string last = path[(path.LastIndexOf('.') + 1)..];
        var sameEnd = paths.Where(candidate => candidate == last || candidate.EndsWith("." + last, StringComparison.Ordinal)).Take(3)
            .ToList();
        return Nearest.To(path, paths) is { } near ? $"did you mean `{near}`?"
            : sameEnd.Count > 0 ? $"did you mean {string.Join(" or ", sameEnd.Select(candidate => $"`{candidate}`"))}?"
            : "write the path below `base`, e.g. `meanflow.lambda`; `schema` lists the options";
    }

    private List<IReadOnlyList<LocatedNode>> Grid(IReadOnlyList<Axis> axes, Location at)
    {
        List<IReadOnlyList<LocatedNode>> combinations = [[]];
        foreach (var axis in axes)
        {
            if ((long)combinations.Count * axis.Values.Count > MostArms)
            {
                mistakes.Add(at, $"the axes give more than {MostArms} arms", "shorten the arrays, or combine axes with \"zip\": true");
                return [];
            }

            combinations = [.. combinations.SelectMany(head => axis.Values.Select(value => (IReadOnlyList<LocatedNode>)[.. head, value]))];
        }

        return axes.Count == 0 ? [] : combinations;
    }

    private List<IReadOnlyList<LocatedNode>> Zip(IReadOnlyList<Axis> axes)
    {
        foreach (var axis in axes.Where(axis => axis.Values.Count != axes[0].Values.Count))
        {
            mistakes.Add(
                axis.Values[0].Location,
                $"zipped axes must have the same length: `{axis.Path}` has {axis.Values.Count} values, `{axes[0].Path}` has {axes[0].Values.Count}",
                "give the arrays the same length, or remove `zip` to get all combinations");
        }

        int length = axes.Count == 0 ? 0 : axes.Min(axis => axis.Values.Count);
        return [.. Enumerable.Range(0, length).Select(i => (IReadOnlyList<LocatedNode>)[.. axes.Select(axis => axis.Values[i])])];
    }

    private static List<ArmDraft> Name(IReadOnlyList<Axis> axes, IReadOnlyList<IReadOnlyList<LocatedNode>> combinations)
    {
        var labels = axes.Select(axis => axes.Count(other => other.Label == axis.Label) > 1 ? axis.Path : axis.Label).ToList();
        var arms = new List<ArmDraft>();
        foreach (var values in combinations)
        {
            string name = string.Join(",", values.Select((value, i) => $"{labels[i]}={ValueName(value)}"));
            int same = arms.Count(arm => ArtifactName.SameFile.Equals(arm.Name, name) || arm.Name.StartsWith(name + "-", StringComparison.OrdinalIgnoreCase));
            var patch = values
                .Select((value, i) => MergePatch.At(axes[i].Path.Split('.'), value))
                .Aggregate((a, b) => (LocatedObject)MergePatch.Apply(a, b));
            arms.Add(new ArmDraft(same == 0 ? name : $"{name}-{same + 1}", values[^1].Location, patch));
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

    private string? Baseline(
        LocatedObject document,
        IReadOnlyList<Axis> axes,
        IReadOnlyList<IReadOnlyList<LocatedNode>> combinations,
        IReadOnlyList<ArmDraft> arms)
    {
        var written = document.Get("baseline");
        if (axes.Count == 0 || arms.Count == 0 || (written is null && arms.Count == 1))
        {
            return arms.Count == 1 ? arms[0].Name : null;
        }

        string example = string.Join(", ", axes.Select((axis, i) => $"\"{axis.Path}\": {combinations[0][i].ToJson()?.ToJsonString()}"));
        if (written is not LocatedObject { Properties: var chosen })
        {
            mistakes.Add(
                written?.Location ?? document.Location.Child("baseline"),
                written is null ? "`baseline` is missing" : $"expected an object, got {written.Describe()}",
                $"name the arm to compare the other arms with, e.g. {{ {example} }}");
            return null;
        }

        int before = mistakes.Count;
        var left = Enumerable.Range(0, arms.Count).ToList();
        foreach (var property in chosen.Where(property => !property.Value.IsNull))
        {
            int i = axes.ToList().FindIndex(axis => axis.Path == property.Name);
            if (i < 0)
            {
                mistakes.Add(
                    property.Key, $"`{property.Name}` is not an axis", Nearest.Suggest(property.Name, [.. axes.Select(axis => axis.Path)]));
            }
            else if (!axes[i].Values.Any(property.Value.SameValue))
            {
                mistakes.Add(
                    property.Value.Location,
                    $"{property.Value.ToJson()?.ToJsonString()} is not a value of the axis",
                    Nearest.Either([.. axes[i].Values.Select(value => value.ToJson()?.ToJsonString() ?? "null")]));
            }
            else
            {
                left.RemoveAll(arm => !combinations[arm][i].SameValue(property.Value));
            }
        }

        if (mistakes.Count == before && left.Count != 1)
        {
            mistakes.Add(written.Location, $"{left.Count} arms match the baseline", $"give one value for each axis, e.g. {{ {example} }}");
        }

        return left.Count == 1 ? arms[left[0]].Name : null;
    }

    private sealed record Axis(string Path, IReadOnlyList<LocatedNode> Values)
    {
        /// <summary>The name of the option; for a `kind` the name of its object: `derivative=jvp`.</summary>
        public string Label => Path.Split('.') switch
        {
            [.., var owner, "kind"] => owner,
            [.., var last] => last,
            _ => Path,
        };
    }
}
