namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Compares the lab with the manifests of one kind. Sizes, seeds and hyper-parameters are the manifest's: a check holds no
/// number but tolerances.
/// </summary>
internal interface IReferenceCheck
{
    /// <summary>The manifest's `fixture`.</summary>
    string Kind { get; }

    /// <summary>Builds the objects of the manifest and compares every listed tensor and value.</summary>
    void Run(ReferenceManifest manifest);
}
