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

    // One concept a file. A file that needs more than this says why in the comment at its top: "Longer than 500 lines: …".
    [Fact]
    public void A_long_file_says_why_it_is_long() =>
        Repository.Sources("src").Concat(Repository.Sources("tests"))
            .Where(file => File.ReadLines(Path.Combine(Repository.Root, file)).Count() > 500)
            .Where(file => !Repository.Text(file).Contains("Longer than 500 lines: ", StringComparison.Ordinal))
            .Should().BeEmpty();

    [Fact]
    public void The_sources_are_one_file_a_concept() => Repository.Sources("src").Count.Should().BeLessThanOrEqualTo(490);

    // src/MfRae.Lab.Core/Options/X.cs → MfRae.Lab.Core.Options
    private static string ExpectedNamespace(string file) => string.Join('.', file.Split('/')[1..^1]);

    [GeneratedRegex(@"(?m)^namespace ([\w.]+);")]
    private static partial Regex FileScopedNamespace();
}
