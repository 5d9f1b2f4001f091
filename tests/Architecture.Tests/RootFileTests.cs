using System.Text.RegularExpressions;

namespace Architecture.Tests;

public sealed partial class RootFileTests
{
    private static readonly string[] BinaryExtensions = [".gz", ".png", ".safetensors", ".npz", ".pt", ".pth"];

    [Fact]
    public void Package_versions_are_in_one_file_only()
    {
        var files = Repository.Projects().Append("Directory.Build.props").Append("tests/Directory.Build.props");

        foreach (var file in files)
        {
            foreach (var reference in Repository.Xml(file).Descendants("PackageReference"))
            {
                reference.Attributes().Select(attribute => attribute.Name.LocalName)
                    .Should().NotContain(["Version", "VersionOverride"], "{0} takes its versions from Directory.Packages.props", file);
            }
        }
    }

    [Fact]
    public void Every_package_has_an_exact_central_version()
    {
        var versions = Repository.Xml("Directory.Packages.props").Descendants("PackageVersion")
            .ToDictionary(version => version.Attribute("Include")!.Value, version => version.Attribute("Version")!.Value);
        var referenced = Repository.Projects().Append("tests/Directory.Build.props")
            .SelectMany(Repository.Packages);

        versions.Keys.Should().Contain(referenced);
        versions.Values.Should().OnlyContain(version => ExactVersion().IsMatch(version));
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = Repository.Text("MfRae.Lab.sln").Replace('\\', '/');

        Repository.Projects().Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void No_tracked_file_names_a_path_of_somebodys_machine()
    {
        Requires.Git();
        var guilty = Repository.TrackedFiles()
            .Where(file => !BinaryExtensions.Contains(Path.GetExtension(file)) && File.Exists(Path.Combine(Repository.Root, file)))
            .SelectMany(file => MachinePaths(Repository.Text(file)).Select(path => $"{file}: {path}"));

        guilty.Should().BeEmpty();
    }

    [Fact]
    public void Output_of_runs_is_not_tracked()
    {
        Requires.Git();
        Repository.TrackedFiles().Where(file =>
                file.StartsWith("data/store/", StringComparison.Ordinal) ||
                file.StartsWith("data/lab.db", StringComparison.Ordinal) ||
                file.StartsWith(".artifacts/", StringComparison.Ordinal) ||
                (file.StartsWith("reports/", StringComparison.Ordinal)
                    && !file.StartsWith("reports/published/", StringComparison.Ordinal)
                    && file != "reports/LOG.md"))
            .Should().BeEmpty();
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+(\.\d+)?(-[\w.]+)?$")]
    private static partial Regex ExactVersion();

    private static IEnumerable<string> MachinePaths(string text) =>
        MachinePath().Matches(text).Select(match => match.Value).Concat(
            text.Contains(Repository.Root + "/", StringComparison.Ordinal) ? [Repository.Root] : []);

    // The pattern does not match its own text. `me` and `user` are placeholders and allowed.
    [GeneratedRegex(@"(?<![\w.~*])/(?:roo[t]|home/(?!me/|user/)\w+|Users/(?!me/|user/)\w+)/|\b[A-Za-z]:\\\\?Users\\")]
    private static partial Regex MachinePath();
}
