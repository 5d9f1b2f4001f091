using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Data;

/// <summary>The teacher's values of what an arm was measured by, at each of its numbers of steps.</summary>
internal static class TeacherRules
{
    /// <summary>Only of a teacher that all arms share, and only values of the same thing but for the number of steps.</summary>
    public static IReadOnlyList<Measurement> Values(ReportData data, Measurement arm) =>
    [
        .. from teacher in data.Role("teacherEvaluation")
           where data.Shared(teacher)
           from value in teacher.Stage.Measurements
           where value.Value is not null && MeasurementIdentity.Difference(value with { Steps = arm.Steps }, arm) is null
           orderby value.Steps
           select value,
    ];

    public static IReadOnlyList<Rule> Of(ReportData data, Measurement arm) =>
        [.. Values(data, arm).Select(value => new Rule(value.Value!.Value, $"teacher, {Numbers.Plural(value.Steps, "step")}"))];
}
