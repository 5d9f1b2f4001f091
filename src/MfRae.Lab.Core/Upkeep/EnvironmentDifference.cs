namespace MfRae.Lab.Core.Upkeep;

/// <summary>Something about this machine or program that is not what a stage was computed with.</summary>
/// <param name="Field">tool, system, runtime, processor, or `package NAME`.</param>
/// <param name="Recorded">What the manifest says; empty where it says nothing of it.</param>
/// <param name="Here">What is here; empty where there is no such thing.</param>
/// <param name="Stages">Number of stages that were computed with it.</param>
public sealed record EnvironmentDifference(string Field, string Recorded, string Here, int Stages);
