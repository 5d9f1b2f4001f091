namespace MfRae.Lab.Core.Options;

/// <summary>
/// The words a string option (or each item of a list of strings) may take. The experiment reader and the JSON Schema both
/// read it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionChoiceAttribute(params string[] choices) : Attribute
{
    public IReadOnlyList<string> Choices { get; } = choices;
}
