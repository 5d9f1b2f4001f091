using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>What an arm paid and what it got, in means over seeds.</summary>
/// <param name="Key">The metric with its number of steps.</param>
/// <param name="Price">The cost with its unit.</param>
internal sealed record CostPoint(ArmView Arm, string Key, double Cost, double Quality, string Price)
{
    /// <summary>`λ=1, fid@1: 9.88 for 0.263 GFLOPs`.</summary>
    public string Tip => $"{Arm.Name}, {Key}: {Numbers.Significant(Quality)} for {Price}";
}
