using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>States as the database spells them.</summary>
internal static class StatusName
{
    public const string Running = "running";

    public static string Of(StageStatus status) => status.ToString().ToLowerInvariant();
}
