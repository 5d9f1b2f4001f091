using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>A stage and the arms that use it in some role.</summary>
internal sealed record RoleGroup(StageRecord Stage, IReadOnlyList<ArmView> Arms)
{
    public string Names => string.Join(", ", Arms.Select(arm => arm.Name));
}
