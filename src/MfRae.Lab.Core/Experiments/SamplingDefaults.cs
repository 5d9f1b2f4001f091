using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>The defaults that a constant cannot express: lists of steps.</summary>
public static class SamplingDefaults
{
    public static IReadOnlyList<int> Steps => [1, 2];

    public static IReadOnlyList<int> TeacherSteps => [1, 50];

    /// <summary>Spells the lists out, so that keys and reports say them.</summary>
    public static SamplingOptions Resolve(SamplingOptions options) => options with
    {
        Steps = options.Steps ?? Steps,
        TeacherSteps = options.TeacherSteps ?? TeacherSteps,
    };
}
