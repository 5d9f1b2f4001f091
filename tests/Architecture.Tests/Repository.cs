using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;

namespace Architecture.Tests;

/// <summary>The checkout these tests were built from.</summary>
internal static class Repository
{
    public static string Root => MfRae.Lab.TestSupport.Repository.Root;

    public static XDocument Xml(string relativePath) => XDocument.Load(Path.Combine(Root, relativePath));

    public static string Text(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    /// <summary>C# sources below a folder, by path relative to the root.</summary>
    public static IReadOnlyList<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(part => part is "obj" or "bin"))
        .Order(StringComparer.Ordinal)
        .ToList();

    /// <summary>Every project file, by path relative to the root.</summary>
    public static IReadOnlyList<string> Projects() => new[] { "src", "tests", "benchmarks" }
        .Select(folder => Path.Combine(Root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Append("MfRae.Lab.csproj")
        .Order(StringComparer.Ordinal)
        .ToList();

    /// <summary>The packages that a project file asks for itself.</summary>
    public static IEnumerable<string> Packages(string project) => Xml(project).Descendants("PackageReference")
        .Select(reference => reference.Attribute("Include")?.Value)
        .OfType<string>();

    /// <summary>What git tracks. Needs git.</summary>
    public static IReadOnlyList<string> TrackedFiles() =>
        Run("git", "-c", $"safe.directory={Root}", "-C", Root, "ls-files", "-z").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The names of a project's package references as MSBuild evaluates them.</summary>
    public static IReadOnlyList<string> EvaluatedPackages(string project, params string[] properties)
    {
        var json = Run("dotnet", ["msbuild", Path.Combine(Root, project), "-getItem:PackageReference", .. properties]);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!)
            .ToList();
    }

    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host's own build variables would make a nested MSBuild read another SDK's files.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} exited {process.ExitCode}: {error.Result}{output}");
    }
}
