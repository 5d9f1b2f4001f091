namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>The options of one record.</summary>
/// <param name="Record">The record, or null for the experiment file itself.</param>
/// <param name="Kind">Its discriminator, or null where it has none.</param>
internal sealed record OptionType(Type? Record, string? Kind, IReadOnlyList<OptionProperty> Properties)
{
    public OptionProperty? Find(string name) => Properties.FirstOrDefault(property => property.Name == name);
}

/// <param name="Default">The default, where the option is not required; null where that is "none".</param>
internal sealed record OptionProperty(string Name, OptionShape Shape, bool Required, object? Default);
