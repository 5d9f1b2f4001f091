using System.Globalization;
using System.Text.Json;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads single options out of a tree that may still have mistakes, with defaults where nothing was written. What is not
/// there, or not of its type, reads as null, and the rule that asked for it stays silent: another message tells of it.
/// </summary>
internal sealed class OptionView(LocatedObject root, OptionType type)
{
    public double? Number(string path) => Find(path) switch
    {
        (LocatedScalar { Kind: JsonValueKind.Number } value, { Shape: NumberShape }) =>
            double.Parse(value.Json, CultureInfo.InvariantCulture),
        (null, { Default: { } value, Shape: NumberShape }) => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>True or false as written, or the default; null where it is neither.</summary>
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

    /// <summary>The kind of an object, or null where it is missing or not one of its kinds.</summary>
    public string? Kind(string path) => Find(path) switch
    {
        (LocatedObject value, { Shape: UnionShape union }) => union.Find(value.GetText("kind"))?.Kind,
        _ => null,
    };

    /// <summary>A list of numbers as written; null where it is absent or not all numbers.</summary>
    public IReadOnlyList<double>? Numbers(string path) => Numbers(Find(path).Node);

    /// <summary>The same of a list that is known.</summary>
    public static IReadOnlyList<double>? Numbers(LocatedNode? node) =>
        node is LocatedArray list && list.Items.All(item => item is LocatedScalar { Kind: JsonValueKind.Number })
            ? [.. list.Items.Select(item => double.Parse(((LocatedScalar)item).Json, CultureInfo.InvariantCulture))]
            : null;

    /// <summary>The objects of a list.</summary>
    public IReadOnlyList<LocatedObject> Items(string path) =>
        Find(path).Node is LocatedArray { Items: var items } ? [.. items.OfType<LocatedObject>()] : [];

    /// <summary>Whether the option is written, and not as null.</summary>
    public bool IsWritten(string path) => Find(path).Node is { IsNull: false };

    /// <summary>Whether the path names an option of the kinds that the tree has.</summary>
    public bool Has(string path) => Find(path).Property is not null;

    /// <summary>Where the option is written; else the nearest object around it.</summary>
    public Location At(string path)
    {
        if (Find(path).Node is { } node)
        {
            return node.Location;
        }

        int parent = path.LastIndexOf('.');
        return parent < 0 ? root.Location : At(path[..parent]);
    }

    /// <summary>Of several options that cannot stand together, the place that the user most likely wrote last.</summary>
    public Location MostLikelySource(params string[] paths) => paths
        .Select(path => Find(path).Node?.Location)
        .OfType<Location>()
        .OrderBy(at => at.Depth)
        .ThenByDescending(at => at.InArm)
        .FirstOrDefault(At(paths[0]));

    /// <summary>
    /// The value, if written, and the option, if the path names one. `kind` counts as an option of objects that have kinds.
    /// </summary>
    public (LocatedNode? Node, OptionProperty? Property) Find(string path)
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
