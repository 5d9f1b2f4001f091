using System.Text.RegularExpressions;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Reads `arms` or `axes`, and which arm is the baseline.</summary>
internal sealed partial class ArmReader(Mistakes mistakes)
{
    public ArmDrafts Read(LocatedObject document)
    {
        var arms = document.Get("arms");
        var axes = document.Get("axes");
        if (arms is not null && axes is not null)
        {
            mistakes.Add(
                axes.Location,
                "`arms` and `axes` exclude each other",
                "keep one; where the other comes from the extended file, write null for it here");
        }

        if (axes is null && document.Find("zip") is { Value.IsNull: false } zip)
        {
            mistakes.Add(zip.Key, "`zip` needs `axes`", "remove it");
        }

        var drafts = arms is not null ? ReadArms(arms, document)
            : axes is not null ? new AxisReader(mistakes).Read(axes, document)
            : ReadSingle(document);
        foreach (var arm in drafts.Arms)
        {
            CheckName(arm, drafts.Arms.TakeWhile(other => other != arm));
        }

        return drafts;
    }

    /// <param name="before">The arms that precede it in the file.</param>
    private void CheckName(ArmDraft arm, IEnumerable<ArmDraft> before)
    {
        if (!ArmName().IsMatch(arm.Name))
        {
            mistakes.Add(arm.Location, $"`{arm.Name}` cannot name an arm", "use 1 to 128 letters, digits and . _ = , + -");
        }
        else if (ArtifactName.Fault(arm.Name) is { } fault)
        {
            mistakes.Add(arm.Location, $"`{arm.Name}` cannot name an arm: {fault}", $"use another name, for example {ArtifactName.Instead(arm.Name)}");
        }
        else if (before.FirstOrDefault(other => ArtifactName.SameFile.Equals(other.Name, arm.Name)) is { } same)
        {
            mistakes.Add(
                arm.Location,
                $"the names `{arm.Name}` and `{same.Name}` differ only in upper and lower case: on some systems their files would be the same",
                "use another name for one of the two arms");
        }
    }

    private ArmDrafts ReadArms(LocatedNode node, LocatedObject document)
    {
        if (node is not LocatedObject { Properties: var properties } || properties.All(property => property.Value.IsNull))
        {
            mistakes.Add(
                node.Location,
                $"expected at least one arm, found {(node is LocatedObject ? "none" : node.Describe())}",
                "write \"arms\": { \"name\": { what it changes in base }, … }");
            return new ArmDrafts([], null);
        }

        var arms = new List<ArmDraft>();
        foreach (var property in properties.Where(property => !property.Value.IsNull))
        {
            if (property.Value is LocatedObject patch)
            {
                arms.Add(new ArmDraft(property.Name, property.Key, patch));
            }
            else
            {
                mistakes.Add(
                    property.Value.Location,
                    $"expected an object, found {property.Value.Describe()}",
                    "write what the arm changes in `base`, in { }");
            }
        }

        // An arm with a mistake still is a name that the baseline may have.
        var names = properties.Where(property => !property.Value.IsNull).Select(property => property.Name);
        return new ArmDrafts(arms, Baseline(document, [.. names]));
    }

    private ArmDrafts ReadSingle(LocatedObject document)
    {
        const string only = "base";
        return new ArmDrafts([new ArmDraft(only, document.Location, new LocatedObject(document.Location))], Baseline(document, [only]));
    }

    private string? Baseline(LocatedObject document, IReadOnlyList<string> names)
    {
        switch (document.Get("baseline"))
        {
            case null when names.Count == 1:
                return names[0];
            case null:
                mistakes.Add(
                    document.Location.Child("baseline"),
                    "`baseline` is missing",
                    $"name the arm that the others are compared with: {Nearest.Either(names)}");
                return null;
            case LocatedScalar { Text: { } text } when names.Contains(text):
                return text;
            case LocatedScalar { Text: { } text } unknown:
                mistakes.Add(unknown.Location, $"there is no arm `{text}`", Nearest.Suggest(text, names));
                return null;
            case var other:
                mistakes.Add(other.Location, $"expected the name of an arm, found {other.Describe()}", Nearest.Either(names));
                return null;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._=,+-]{1,128}\z")]
    private static partial Regex ArmName();
}
