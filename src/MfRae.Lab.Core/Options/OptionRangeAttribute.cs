namespace MfRae.Lab.Core.Options;

/// <summary>The closed range a numeric option must lie in. The experiment reader and the JSON Schema both read it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionRangeAttribute(double minimum, double maximum = double.MaxValue) : Attribute
{
    public double Minimum { get; } = minimum;

    public double Maximum { get; } = maximum;
}
