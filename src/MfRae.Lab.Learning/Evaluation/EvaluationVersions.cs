using System.Reflection;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What computed the numbers.</summary>
/// <param name="Tool">Version of the lab, with the commit where the build knew it.</param>
/// <param name="Torch">Version of the tensor library's binding.</param>
public sealed record EvaluationVersions(string Tool, string Torch, string Runtime, string Device)
{
    internal static EvaluationVersions Of(string device) => new(
        VersionOf(typeof(EvaluationVersions).Assembly),
        VersionOf(typeof(TorchSharp.torch).Assembly),
        RuntimeInformation.FrameworkDescription,
        device);

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
