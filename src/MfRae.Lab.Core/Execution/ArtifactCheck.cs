namespace MfRae.Lab.Core.Execution;

/// <summary>What re-hashing a complete stage's files found.</summary>
/// <param name="Problems">One sentence each; empty where every file is as the manifest says.</param>
public sealed record ArtifactCheck(string Key, IReadOnlyList<string> Problems)
{
    public bool Ok => Problems.Count == 0;

    public override string ToString() => Ok ? "every file is as its manifest says" : string.Join("; ", Problems);
}
