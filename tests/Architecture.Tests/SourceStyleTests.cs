using System.Text.RegularExpressions;

namespace Architecture.Tests;

public sealed partial class SourceStyleTests
{
    [Fact]
    public void A_namespace_is_the_folder()
    {
        var strays = Repository.Sources("src")
            .Where(file => Path.GetFileName(file) != "AssemblyInfo.cs")
            .Select(file => (
                file, expected: ExpectedNamespace(file), actual: FileScopedNamespace().Match(Repository.Text(file)).Groups[1].Value))
            .Where(item => item.actual != item.expected)
            .Select(item => $"{item.file}: {item.actual} instead of {item.expected}");

        strays.Should().BeEmpty();
    }

    [Fact]
    public void No_source_file_passes_300_lines() =>
        Repository.Sources("src").Concat(Repository.Sources("tests"))
            .Where(file => File.ReadLines(Path.Combine(Repository.Root, file)).Count() > 300)
            .Should().BeEmpty();

    // src/MfRae.Lab.Core/Options/X.cs → MfRae.Lab.Core.Options
    private static string ExpectedNamespace(string file) => string.Join('.', file.Split('/')[1..^1]);

    [GeneratedRegex(@"(?m)^namespace ([\w.]+);")]
    private static partial Regex FileScopedNamespace();
}
