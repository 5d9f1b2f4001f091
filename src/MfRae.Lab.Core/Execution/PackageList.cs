using System.Text.Json;

namespace MfRae.Lab.Core.Execution;

/// <summary>The packages that a program was built from, libtorch's among them.</summary>
public static class PackageList
{
    /// <summary>Package → version, by name; empty where the program does not come with a list.</summary>
    public static IReadOnlyDictionary<string, string> OfProcess()
    {
        // The runtime keeps the list that the build wrote; the program's own comes first, before those of the frameworks.
        var path = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "").Split(';')[0];
        try
        {
            return Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException or JsonException)
        {
            return new Dictionary<string, string>();
        }
    }

    /// <summary>Those of the tensor library, in one line; the parts that a large package is split into are left out.</summary>
    public static string Numerics(IReadOnlyDictionary<string, string> packages) => string.Join(", ", packages
        .Where(package => package.Key.Contains("torch", StringComparison.OrdinalIgnoreCase)
            && !package.Key.Contains("-part", StringComparison.Ordinal) && !package.Key.Contains("-fragment", StringComparison.Ordinal))
        .OrderBy(package => package.Key, StringComparer.Ordinal)
        .Select(package => $"{package.Key} {package.Value}"));

    /// <param name="json">The text of a `.deps.json`.</param>
    /// <exception cref="JsonException">It is none.</exception>
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
