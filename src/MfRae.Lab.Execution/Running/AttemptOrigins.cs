using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>Describes the environment of this process: program, packages, machine and devices.</summary>
public static class AttemptOrigins
{
    /// <summary>The environment of this process.</summary>
    /// <param name="device">The device of the numerics: cpu or cuda:N.</param>
    /// <param name="spec">The stage that the process computes, or null before it has one.</param>
    public static AttemptOrigin OfProcess(string device, StageSpec? spec = null)
    {
        var packages = PackageList.OfProcess();
        return new(
            typeof(AttemptOrigins).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
            RuntimeInformation.FrameworkDescription,
            PackageList.Numerics(packages),
            MachineDescription.Processor(),
            device.StartsWith("cuda", StringComparison.Ordinal) ? MachineDescription.Accelerators() : [],
            packages,
            spec?.Settings.Ranks ?? 1,
            spec?.Node.Files ?? new Dictionary<string, string>(),
            spec?.Flops,
            spec?.Run);
    }
}

/// <summary>Describes this machine as its operating system does.</summary>
public static class MachineDescription
{
    /// <summary>Model and number of logical processors, such as `AMD EPYC 7302 × 32`; the architecture if the model is unknown.</summary>
    public static string Processor()
    {
        var model = Values("/proc/cpuinfo", "model name").FirstOrDefault()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        return string.Create(CultureInfo.InvariantCulture, $"{model} × {Environment.ProcessorCount}");
    }

    /// <summary>The models of NVIDIA GPUs in bus order, from the driver; empty if the driver gives no information.</summary>
    public static IReadOnlyList<string> Accelerators()
    {
        const string Driver = "/proc/driver/nvidia/gpus";
        try
        {
            return Directory.Exists(Driver)
                ? [.. Directory.EnumerateDirectories(Driver).Order(StringComparer.Ordinal)
                    .SelectMany(gpu => Values(Path.Combine(gpu, "information"), "Model"))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IReadOnlyList<string> Values(string path, string name)
    {
        try
        {
            return File.Exists(path) ? Values(File.ReadLines(path), name) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The values of `name : value` lines.</summary>
    internal static IReadOnlyList<string> Values(IEnumerable<string> lines, string name) =>
    [
        .. lines.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2 && parts[0] == name && parts[1].Length > 0)
            .Select(parts => parts[1]),
    ];
}

/// <summary>The packages that a program was built from, including libtorch.</summary>
public static class PackageList
{
    /// <summary>The versions of the packages by name; empty if the program has no list.</summary>
    public static IReadOnlyDictionary<string, string> OfProcess()
    {
        // The runtime knows the lists that builds wrote: the program's list comes first, then those of the frameworks.
        var path = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "").Split(';')[0];
        try
        {
            var packages = Read(File.ReadAllBytes(path));
            return LibTorchFolder.Path is { } folder && LibTorchFolder.StatedVersion(folder) is { } version
                ? new Dictionary<string, string>(packages) { ["libtorch of PyTorch"] = version }
                : packages;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException or JsonException)
        {
            return new Dictionary<string, string>();
        }
    }

    /// <summary>The packages of the tensor library in one line, without the parts that a large package is split into.</summary>
    public static string Numerics(IReadOnlyDictionary<string, string> packages) => string.Join(", ", packages
        .Where(package => package.Key.Contains("torch", StringComparison.OrdinalIgnoreCase)
            && !package.Key.Contains("-part", StringComparison.Ordinal) && !package.Key.Contains("-fragment", StringComparison.Ordinal))
        .OrderBy(package => package.Key, StringComparer.Ordinal)
        .Select(package => $"{package.Key} {package.Value}"));

    /// <summary>Reads the packages from a `.deps.json`.</summary>
    /// <param name="json">The text of a `.deps.json`.</param>
    /// <exception cref="JsonException">The text is not a `.deps.json`.</exception>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var packages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("libraries", out var libraries))
        {
            foreach (var library in libraries.EnumerateObject())
            {
                if (library.Name.Split('/') is [var name, var version] && library.Value.GetProperty("type").ValueEquals("package"))
                {
                    packages[name] = version;
                }
            }
        }

        return packages;
    }
}
