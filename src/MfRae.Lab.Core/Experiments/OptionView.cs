using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads single options from a tree that may have mistakes, with defaults for options that are not written. A missing value or a value of
/// the wrong type is read as null, and the rule that asked for it reports nothing: another message reports the value. A rule that asks for
/// an option that no record has is a mistake of the program and throws.
/// </summary>
internal sealed class OptionView(LocatedObject root, OptionType type)
{
    private static readonly ConcurrentDictionary<(Type? Record, string Path), bool> Known = new();

    public double? Number(string path) => Find(path) switch
    {
        (LocatedScalar { Kind: JsonValueKind.Number } value, { Shape: NumberShape }) =>
            double.Parse(value.Json, CultureInfo.InvariantCulture),
        (null, { Default: (int or double) and var value, Shape: NumberShape }) => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>True or false as written, or the default; null if the value is neither.</summary>
    public bool? Flag(string path) => Find(path) switch
    {
        (LocatedScalar { Kind: JsonValueKind.True }, _) => true,
        (LocatedScalar { Kind: JsonValueKind.False }, _) => false,
        (null, { Default: bool value }) => value,
        _ => null,
    };

    public string? Text(string path) => Find(path) switch
    {
        (LocatedScalar { Text: { } text }, _) => text,
        (null, { Default: string text }) => text,
        _ => null,
    };

    /// <summary>The kind of an object, or null if it is missing or unknown.</summary>
    public string? Kind(string path) => Find(path) switch
    {
        (LocatedObject value, { Shape: UnionShape union }) => union.Find(value.GetText("kind"))?.Kind,
        _ => null,
    };

    /// <summary>An array of numbers as written; null if it is missing or has other items.</summary>
    public IReadOnlyList<double>? Numbers(string path) => Numbers(Find(path).Node);

    /// <inheritdoc cref="Numbers(string)"/>
    public static IReadOnlyList<double>? Numbers(LocatedNode? node) =>
        node is LocatedArray list && list.Items.All(item => item is LocatedScalar { Kind: JsonValueKind.Number })
            ? [.. list.Items.Select(item => double.Parse(((LocatedScalar)item).Json, CultureInfo.InvariantCulture))]
            : null;

    /// <summary>The objects of an array.</summary>
    public IReadOnlyList<LocatedObject> Items(string path) =>
        Find(path).Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedObject>()] : [];

    /// <summary>The strings, numbers and truth values of an array.</summary>
    public IReadOnlyList<LocatedScalar> Scalars(string path) =>
        Find(path).Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedScalar>()] : [];

    /// <summary>Whether the option is written, and not as null.</summary>
    public bool IsWritten(string path) => Find(path).Node is { IsNull: false };

    /// <summary>Whether the path names an option of the kinds in the tree.</summary>
    public bool Has(string path) => Look(path).Property is not null;

    /// <summary>The location of the option; if it is not written, of the nearest enclosing object.</summary>
    public Location At(string path)
    {
        if (Find(path).Node is { } node)
        {
            return node.Location;
        }

        int parent = path.LastIndexOf('.');
        return parent < 0 ? root.Location : At(path[..parent]);
    }

    /// <summary>The location of the option that the user most likely wrote last, among options that exclude each other.</summary>
    public Location MostLikelySource(params string[] paths) => paths
        .Select(path => Find(path).Node?.Location)
        .OfType<Location>()
        .OrderBy(at => at.Depth)
        .ThenByDescending(at => at.InArm)
        .FirstOrDefault(At(paths[0]));

    /// <summary>
    /// The value, if written, and the option, if the kinds in the tree have it. `kind` is an option of objects with kinds.
    /// </summary>
    /// <exception cref="InvalidOperationException">No kind has an option with this path.</exception>
    public (LocatedNode? Node, OptionProperty? Property) Find(string path)
    {
        var found = Look(path);
        return found.Property is not null || Known.GetOrAdd((type.Record, path), key => OptionTypes.Paths(type).Contains(key.Path))
            ? found
            : throw new InvalidOperationException($"no option of {type.Record?.Name ?? "an experiment file"} has the path {path}");
    }

    private (LocatedNode? Node, OptionProperty? Property) Look(string path)
    {
        LocatedObject? inside = root;
        OptionType? known = type;
        var steps = path.Split('.');
        for (int i = 0; ; i++)
        {
            var node = inside?.Get(steps[i]);
            var property = known?.Find(steps[i])
                ?? (steps[i] == "kind" && known?.Kind is not null ? new OptionProperty("kind", new TextShape([]), true, null) : null);
            if (property is null || i == steps.Length - 1)
            {
                return (node, property);
            }

            inside = node as LocatedObject;
            known = property.Shape switch
            {
                ObjectShape inner => inner.Type,
                UnionShape union => union.Find(inside?.GetText("kind")),
                _ => null,
            };
        }
    }
}
