namespace MfRae.Lab.Core.Execution;

/// <summary>What the store holds of a stage before a run.</summary>
internal enum Found
{
    Missing,
    Complete,
    Damaged,
    Diverged,
}
