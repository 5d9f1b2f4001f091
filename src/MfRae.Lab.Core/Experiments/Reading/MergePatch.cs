namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// JSON merge patch (RFC 7396) with one more rule: a patch that changes the `kind` of an object replaces it, since the
/// options of one kind mean nothing to another. A null stays in the tree as a mark of absence that knows its place.
/// </summary>
internal static class MergePatch
{
    public static LocatedNode Apply(LocatedNode? target, LocatedNode patch) =>
        target is LocatedObject old && patch is LocatedObject change && !ChangesKind(old, change)
            ? Merge(old, change, old.Location)
            : patch;

    /// <summary>The patch that sets one option.</summary>
    public static LocatedObject At(IReadOnlyList<string> path, LocatedNode value)
    {
        LocatedNode inner = value;
        for (int i = path.Count - 1; i >= 0; i--)
        {
            var outer = new LocatedObject(value.Location);
            outer.Properties.Add(new LocatedProperty(path[i], value.Location, inner));
            inner = outer;
        }

        return (LocatedObject)inner;
    }

    /// <param name="at">Where the merged object is said to be, should something be missing from it.</param>
    public static LocatedObject Merge(LocatedObject old, LocatedObject change, Location at)
    {
        var merged = new LocatedObject(at);
        foreach (var property in old.Properties)
        {
            merged.Properties.Add(change.Find(property.Name) is { } patch
                ? patch with { Value = Apply(property.Value, patch.Value) }
                : property);
        }

        merged.Properties.AddRange(change.Properties.Where(property => old.Find(property.Name) is null));
        return merged;
    }

    private static bool ChangesKind(LocatedObject old, LocatedObject change) =>
        change.GetText("kind") is { } kind && old.GetText("kind") is { } before && kind != before;
}
