using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Architecture.Tests;

/// <summary>The compiled libraries and what their types use, read from IL: signatures, bodies and local variables.</summary>
internal static class Code
{
    /// <summary>The assemblies of the lab; the last is the executable.</summary>
    public static IReadOnlyList<string> Assemblies { get; } =
    [
        "MfRae.Lab.Core", "MfRae.Lab.Execution", "MfRae.Lab.Learning", "MfRae.Lab.Database", "MfRae.Lab.Reporting", "MfRae.Lab",
    ];

    private static readonly Lazy<ArchUnitNET.Domain.Architecture> Loaded = new(() =>
        new ArchLoader().LoadAssemblies([.. Assemblies.Select(System.Reflection.Assembly.Load)]).Build());

    /// <summary>Each use of a type by a type of the lab, as full names of both.</summary>
    public static IEnumerable<(string User, string Used)> Uses() =>
        from type in Loaded.Value.Types
        where type.FullName.StartsWith("MfRae.Lab.", StringComparison.Ordinal)
        from use in type.Dependencies
        select (type.FullName, use.Target.FullName);

    /// <summary>`Networks` for MfRae.Lab.Learning.Networks.Weights; empty for types of other libraries and of the root.</summary>
    public static string FolderIn(string library, string type)
    {
        if (!type.StartsWith(library + ".", StringComparison.Ordinal))
            return "";
        string rest = type[(library.Length + 1)..];
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? "" : rest[..dot];
    }
}
