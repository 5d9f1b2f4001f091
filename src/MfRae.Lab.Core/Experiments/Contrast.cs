using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// A question to the arms as a number: for each seed the sum of the arms' weights times their values, or times the logarithms of their values
/// if the metric is always positive. The weights have the sum 0, so a factor or an offset that all arms share cancels.
/// </summary>
/// <param name="Name">Letters, digits and . _ = , + -.</param>
/// <param name="Weights">Arm → weight; arms that are not named have the weight 0.</param>
/// <param name="Title">Its name in reports and tables; null: the name.</param>
/// <param name="Metric">Key of the metric, such as `fid@1`; null: the primary metric.</param>
/// <param name="SmallestRelevantEffect">Null: that of the experiment.</param>
public sealed record Contrast(
    string Name,
    IReadOnlyDictionary<string, double> Weights,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Title = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Metric = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SmallestRelevantEffect = null)
{
    /// <summary>The contrast of an arm with the baseline.</summary>
    public static Contrast Of(string arm, string baseline) => new(arm, new Dictionary<string, double> { [arm] = 1, [baseline] = -1 });

    /// <summary>Whether it compares one arm with another, so that it can be better or worse, and not only higher or lower.</summary>
    public bool IsOfTwoArms() => Weights.Values.Count(weight => weight > 0) == 1 && Weights.Values.Count(weight => weight < 0) == 1;

    /// <summary>`jvp − fd`, `½ (a + b) − c`: the weights in words.</summary>
    public string Formula()
    {
        var terms = Weights.Where(arm => arm.Value != 0).Select((arm, at) =>
        {
            var size = Math.Abs(arm.Value);
            var text = size == 1 ? arm.Key : FormattableString.Invariant($"{size:0.###} {arm.Key}");
            return (arm.Value < 0 ? at == 0 ? "−" : " − " : at == 0 ? "" : " + ") + text;
        });
        return string.Concat(terms);
    }
}
