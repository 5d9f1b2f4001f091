using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads the arms and the name of the baseline arm: the grid of `axes`, then the arms of `arms`; without both, `base` is the only arm.
/// </summary>
internal sealed class ArmReader(Diagnostics mistakes)
{
    private const int LongestTitle = 200;

    public ArmDrafts Read(LocatedObject document)
    {
        var arms = document.Get("arms");
        var axes = document.Get("axes");
        if (axes is null && document.Find("zip") is { Value.IsNull: false } zip)
        {
            mistakes.Add(zip.Key, "`zip` needs `axes`", "remove it");
        }

        int before = mistakes.Count;
        var grid = axes is null ? null : new AxisReader(mistakes).Read(axes, document);
        bool hasGrid = mistakes.Count == before;
        List<ArmDraft> drafts = [.. grid?.Arms ?? [], .. arms is null ? [] : ReadArms(arms)];
        if (grid is null && arms is null)
        {
            drafts.Add(new ArmDraft("base", document.Location, new LocatedObject(document.Location)));
        }

        // With a mistake in the axes, the names of their arms are unknown.
        foreach (var arm in drafts.Where(arm => hasGrid || arm.Levels is null))
        {
            CheckName(arm, drafts.TakeWhile(other => other != arm));
            CheckTitle(arm, drafts);
        }

        // The baseline may name an arm that has a mistake.
        string[] names = [.. drafts.Where(arm => arms is null || arm.Levels is not null).Select(arm => arm.Name), .. NamesOf(arms)];
        return new ArmDrafts(drafts, hasGrid && names.Length > 0 ? Baseline(document, names, grid) : null, grid?.Axes ?? []);
    }

    private static IEnumerable<string> NamesOf(LocatedNode? arms) =>
        (arms as LocatedObject)?.Properties.Where(property => !property.Value.IsNull).Select(property => property.Name) ?? [];

    /// <param name="before">The preceding arms in the file.</param>
    private void CheckName(ArmDraft arm, IEnumerable<ArmDraft> before)
    {
        if (!ArtifactName.IsArm(arm.Name))
        {
            mistakes.Add(
                arm.Location,
                $"`{PrintableText.Of(arm.Name)}` is not a valid arm name",
                ArtifactName.IsDecomposed(arm.Name)
                    ? "write each letter as a single character (Unicode NFC), without combining marks"
                    : $"use letters, digits and . _ = , + -, at most {ArtifactName.ArmBytes} bytes; a `title` may contain any characters");
        }
        else if (ArtifactName.Fault(arm.Name) is { } fault)
        {
            mistakes.Add(arm.Location, $"`{arm.Name}` is not a valid arm name: {fault}", $"use another name, for example {ArtifactName.Instead(arm.Name)}");
        }
        else if (before.FirstOrDefault(other => ArtifactName.SameFile.Equals(other.Name, arm.Name)) is { } same)
        {
            mistakes.Add(
                arm.Location,
                same.Name == arm.Name
                    ? $"an arm of `axes` has the name `{arm.Name}`"
                    : $"the names `{arm.Name}` and `{same.Name}` differ only in case: on some systems they would share one file",
                same.Name == arm.Name ? "use another name" : "rename one of the two arms");
        }
    }

    private void CheckTitle(ArmDraft arm, IReadOnlyList<ArmDraft> all)
    {
        if (arm.Title is not null && all.Any(other => other != arm && (other.Title ?? other.Name) == arm.Title))
        {
            mistakes.Add(arm.Location.Child("title"), $"two arms have the title `{arm.Title}`", "give each arm a different title");
        }
    }

    private List<ArmDraft> ReadArms(LocatedNode node)
    {
        if (node is not LocatedObject { Properties: var properties } || properties.All(property => property.Value.IsNull))
        {
            mistakes.Add(
                node.Location,
                $"expected at least one arm, got {(node is LocatedObject ? "an empty object" : node.Describe())}",
                "write \"arms\": { \"name\": { options to change in base }, … }");
            return [];
        }

        var arms = new List<ArmDraft>();
        foreach (var property in properties.Where(property => !property.Value.IsNull))
        {
            if (property.Value is LocatedObject patch)
            {
                var title = patch.Find("title");
                arms.Add(new ArmDraft(
                    property.Name, property.Key, title is null ? patch : Without(patch, title), Title(title?.Value)));
            }
            else
            {
                mistakes.Add(
                    property.Value.Location,
                    $"expected an object, got {property.Value.Describe()}",
                    "write the options that the arm changes in `base`, in { }");
            }
        }

        return arms;
    }

    private string? Title(LocatedNode? node)
    {
        if (node is null or { IsNull: true })
        {
            return null;
        }

        if (node is not LocatedScalar { Text: { } text })
        {
            mistakes.Add(node.Location, $"expected a string, got {node.Describe()}", "write the name of the arm in reports, e.g. \"CMT, λ = 1\"");
            return null;
        }

        if (text.Trim().Length == 0 || text.Length > LongestTitle || text.Any(PrintableText.IsHidden))
        {
            mistakes.Add(
                node.Location,
                "this is not a valid arm title",
                $"write 1 to {LongestTitle} characters on one line, without control characters");
        }

        return text;
    }

    private static LocatedObject Without(LocatedObject patch, LocatedProperty property)
    {
        var rest = new LocatedObject(patch.Location);
        rest.Properties.AddRange(patch.Properties.Where(other => other != property));
        return rest;
    }

    private string? Baseline(LocatedObject document, IReadOnlyList<string> names, AxisGrid? grid)
    {
        string example = grid is null
            ? $"write \"baseline\": \"{names[0]}\" ({Nearest.Either(names)}), the arm to compare the other arms with"
            : $"write \"baseline\": {grid.Example}, or the name of another arm to compare the other arms with";
        switch (document.Get("baseline"))
        {
            case null when names.Count == 1:
                return names[0];
            case null:
                mistakes.Add(
                    document.Location.Child("baseline"), "`baseline` is missing", example);
                return null;
            case LocatedScalar { Text: { } text } when names.Contains(text):
                return text;
            case LocatedScalar { Text: { } text } unknown:
                mistakes.Add(unknown.Location, $"unknown arm `{text}`", Nearest.Suggest(text, names));
                return null;
            case LocatedObject levels when grid is not null:
                return new AxisReader(mistakes).Baseline(levels, grid);
            case var other:
                mistakes.Add(
                    other.Location,
                    $"expected {(grid is null ? "the name of an arm" : "an object or the name of an arm")}, got {other.Describe()}",
                    grid is null ? Nearest.Either(names) : example);
                return null;
        }
    }
}

/// <summary>An arm as written in the file.</summary>
/// <param name="Location">The location of its name.</param>
/// <param name="Patch">The options that it changes in `base`.</param>
/// <param name="Title">Its name in reports and tables; null: the name of the arm.</param>
/// <param name="Levels">Axis → level; null for an arm of `arms`.</param>
internal sealed record ArmDraft(
    string Name, Location Location, LocatedObject Patch, string? Title = null, IReadOnlyDictionary<string, string>? Levels = null);

/// <summary>The arms of a file.</summary>
/// <param name="Baseline">The name of the baseline arm, or null after a mistake.</param>
internal sealed record ArmDrafts(IReadOnlyList<ArmDraft> Arms, string? Baseline, IReadOnlyList<Axis> Axes);
