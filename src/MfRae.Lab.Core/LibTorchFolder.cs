using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core;

/// <summary>
/// The libtorch of an installed PyTorch, in place of the package of a build: a folder `site-packages/torch/lib` that the build was given as
/// <c>-p:LibTorch=DIR</c>, or that the environment variable MFRAE_LIBTORCH names. Its libraries are loaded under their full paths before
/// TorchSharp asks for their names. Links to them would not do: PyTorch finds the libraries of CUDA relative to its own folder.
/// </summary>
public static partial class LibTorchFolder
{
    /// <summary>The environment variable with the folder. A build reads it too.</summary>
    public const string Variable = "MFRAE_LIBTORCH";

    /// <summary>The first two parts of the version that TorchSharp was built against.</summary>
    public const string NeededVersion = "2.10";

    // Directory.Build.props writes this property of the runtime.
    private const string BuildProperty = "MfRae.Lab.LibTorch";
    private const string MainLibrary = "torch_cpu";
    private const int MajorShift = 56;
    private const int MinorShift = 48;

    // In the order of their dependencies. A CPU build of PyTorch has no libraries of CUDA.
    private static readonly string[] Libraries = ["c10", MainLibrary, "c10_cuda", "torch_cuda", "torch"];

    /// <summary>The folder, or null if the process uses the package of the build.</summary>
    public static string? Path => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? System.IO.Path.GetFullPath(named)
        : AppContext.GetData(BuildProperty) as string;

    /// <summary>Loads the libraries of the folder, if there is one. Call this before TorchSharp is used.</summary>
    /// <exception cref="LabException">The folder has no libtorch, or one of another version, or the build has the package.</exception>
    public static void Load()
    {
        if (Path is not { } folder)
            return;
        if (PackagedLibrary() is { } packaged)
        {
            throw new LabException($"{Variable} names {folder}, but this build has its own libtorch ({packaged}): build again while {Variable} is set, or "
                + $"with -p:LibTorch={folder}, or unset {Variable}");
        }

        Load(folder);
    }

    /// <summary>Loads the libraries of a folder.</summary>
    /// <exception cref="LabException">The folder has no libtorch, or one of another version.</exception>
    internal static void Load(string folder)
    {
        if (Problem(folder) is { } problem)
            throw new LabException(problem);
        try
        {
            foreach (var path in Libraries.Select(name => System.IO.Path.Combine(folder, FileName(name))).Where(File.Exists))
                NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new LabException($"the libtorch in {folder} does not load: {error.Message}", error);
        }

        if (VersionOfLibrary(folder) is { } version && version != NeededVersion)
            throw new LabException(OtherVersion(folder, version));
    }

    /// <summary>The reason why a folder cannot be used, or null. Libraries without a file that states their version are checked once loaded.</summary>
    public static string? Problem(string folder) =>
        !File.Exists(System.IO.Path.Combine(folder, FileName(MainLibrary)))
            ? $"{folder} has no libtorch ({FileName(MainLibrary)}): name the folder `torch/lib` of an installed PyTorch, which "
                + "`python3 -c \"import torch; print(torch.__path__[0] + '/lib')\"` prints"
        : StatedVersion(folder) is { } version && !version.StartsWith(NeededVersion + ".", StringComparison.Ordinal) ? OtherVersion(folder, version)
        : null;

    /// <summary>
    /// The version that the files of PyTorch (`torch/version.py`) or of a libtorch archive (`build-version`) state, such as 2.10.0+cu128; null
    /// without such a file.
    /// </summary>
    public static string? StatedVersion(string folder)
    {
        var parent = System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder))) ?? folder;
        var (python, archive) = (System.IO.Path.Combine(parent, "version.py"), System.IO.Path.Combine(parent, "build-version"));
        return File.Exists(python) && PythonVersion().Match(File.ReadAllText(python)) is { Success: true } match ? match.Groups[1].Value
            : File.Exists(archive) ? File.ReadAllText(archive).Trim()
            : null;
    }

    /// <summary>The file name of a native library on this system.</summary>
    internal static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static string OtherVersion(string folder, string version) =>
        $"{folder} has libtorch {version}, and TorchSharp needs {NeededVersion}: install it with `pip install torch=={NeededVersion}.*`";

    // Major and minor version in the two highest bytes.
    private static string? VersionOfLibrary(string folder)
    {
        if (!NativeLibrary.TryLoad(System.IO.Path.Combine(folder, FileName(MainLibrary)), out var library)
            || !NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out var function))
        {
            return null;
        }

        var version = Marshal.GetDelegateForFunctionPointer<VersionFunction>(function)();
        return FormattableString.Invariant($"{version >> MajorShift}.{(version >> MinorShift) & byte.MaxValue}");
    }

    private static string? PackagedLibrary() => ((AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string) ?? "")
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(AppContext.BaseDirectory)
        .Select(folder => System.IO.Path.Combine(folder, FileName(MainLibrary)))
        .FirstOrDefault(File.Exists);

    [GeneratedRegex("""^__version__\s*(?::[^=]*)?=\s*['"]([^'"]+)['"]""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex PythonVersion();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate ulong VersionFunction();
}
