namespace MfRae.Lab.Core.Exchange;

/// <summary>What an import did.</summary>
/// <param name="Experiment">Its name.</param>
/// <param name="Added">Stages that were not there, or not whole.</param>
/// <param name="Kept">Stages that were there and whole.</param>
/// <param name="SetAside">Of the added ones those in whose place was a damaged one.</param>
public sealed record ImportOutcome(string Experiment, int Added, int Kept, int SetAside);
