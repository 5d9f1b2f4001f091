using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Reads the descriptions of options from the documentation comments of their records. The compiler writes the comments to
/// `MfRae.Lab.Core.xml`, which is copied with the library.
/// </summary>
internal sealed partial class OptionDocumentation
{
    private readonly Dictionary<string, XElement> _members;

    /// <summary>Reads the file next to the program.</summary>
    /// <exception cref="LabException">The file does not exist.</exception>
    public OptionDocumentation()
    {
        string file = Path.Combine(AppContext.BaseDirectory, $"{typeof(OptionDocumentation).Assembly.GetName().Name}.xml");
        if (!File.Exists(file))
        {
            throw new LabException($"{file}: not found. It contains the descriptions of options and belongs to the program: build or install it again.");
        }

        _members = XDocument.Load(file).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);
    }

    /// <summary>The description of an option; that of its record for an option without its own. Empty if it has none.</summary>
    public string Of(OptionType owner, OptionProperty option) =>
        option.Description
        ?? (owner.Record is null ? null : Text(Member(owner.Record)?.Elements("param").FirstOrDefault(
            parameter => parameter.Attribute("name")!.Value == option.Parameter)))
        ?? Of(option.Shape);

    /// <summary>The description of an option, and the unit of its value.</summary>
    public string Described(OptionType owner, OptionProperty option) =>
        Of(owner, option) + (UnitOf(option.Shape) is { } unit ? $" Unit: {unit}." : "");

    /// <summary>The unit of a number, or of the numbers in an array; null for other values.</summary>
    public static string? UnitOf(OptionShape shape) => shape switch
    {
        NumberShape number => number.Unit,
        ListShape list => UnitOf(list.Item),
        _ => null,
    };

    /// <summary>The description of a record.</summary>
    public string Of(Type record) => Text(Member(record)?.Element("summary")) ?? "";

    private string Of(OptionShape shape) => shape switch
    {
        ObjectShape { Type.Record: { } record } => Of(record),
        UnionShape union => Of(union.Base),
        ListShape list => Of(list.Item),
        _ => "",
    };

    private XElement? Member(Type record) => _members.GetValueOrDefault($"T:{record.FullName}");

    /// <summary>The text of an element, with references as names in backticks.</summary>
    private static string? Text(XElement? element) => element is null ? null : Spaces().Replace(string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "paramref" } reference => Name(reference.Attribute("name")!.Value),
        XElement { Name.LocalName: "see" } reference => Name(reference.Attribute("cref")!.Value.Split('.')[^1]),
        XElement inner => inner.Value,
        _ => "",
    })), " ").Trim();

    private static string Name(string member) => $"`{JsonNamingPolicy.CamelCase.ConvertName(member)}`";

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
