import ArgumentParser
import FeatureDefinitions
import FeatureStoreKit
import Glibc

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find what is wrong with this repository or machine.",
        discussion: """
            The folders, disks and clock of this machine; the definitions and sources; every page \
            and row of the project's own files; their modes and versions; the server; what was \
            left behind. Nothing is changed. Exits with 1 when something does not work.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Leave out what reads every page of the databases and every online row.")
    var quick = false

    func run() throws {
        let access = try self.global.access()
        let store = access.store
        var findings: [HealthFinding] = []
        var files: LoadedRepository?
        do throws(DiagnosticsError) {
            files = try LoadedRepository(directory: self.global.chdir)
        } catch {
            findings.append(
                HealthFinding(
                    subject: "definitions",
                    severity: .problem,
                    message: error.description,
                    fix: "mend the files; `fstore plan` shows the same"
                )
            )
        }
        findings += store.healthFindings(files)
        findings += store.fileHealthFindings(isQuick: self.quick)
        findings += self.onlineFindings(access)
        if self.global.json {
            print(try jsonText(findings))
        } else {
            self.tell(findings)
        }
        if findings.contains(where: { $0.severity == .problem }) {
            throw ExitCode.failure
        }
    }

    /// Who serves, and what is loaded.
    private func onlineFindings(_ access: StoreAccess) -> [HealthFinding] {
        let store = access.store
        var findings: [HealthFinding] = []
        if let owner = store.onlineStoreOwner(), owner.processID != getpid() {
            let address = owner.address.map { "at \($0) " } ?? ""
            findings.append(
                HealthFinding(
                    subject: "server",
                    severity: .ok,
                    message: "served \(address)by process \(owner.processID): \(owner.command)"
                )
            )
            if let program = owner.program, program != FStore.version {
                findings.append(
                    HealthFinding(
                        subject: "server",
                        severity: .warning,
                        message: "it is fstore \(program), and this is \(FStore.version)",
                        fix: "start it again with the release that you use"
                    )
                )
            }
        }
        do throws(FeatureStoreError) {
            let status = try access.status()
            findings += store.healthFindings(status)
            findings += self.registryFindings(store, served: status)
        } catch {
            findings.append(
                HealthFinding(subject: "online store", severity: .problem, message: error.message)
            )
        }
        return findings
    }

    /// Whether a server goes by an older registry than the one that is there.
    private func registryFindings(
        _ store: FeatureStore,
        served: ProjectStatus
    ) -> [HealthFinding] {
        guard let applied = try? store.appliedRegistry(), applied.version != served.registryVersion
        else { return [] }
        return [
            HealthFinding(
                subject: "server",
                severity: .warning,
                message: "it goes by version \(served.registryVersion) of the registry, which is "
                    + "at \(applied.version)",
                fix: "a server takes up a new version within a second; start it again if it does "
                    + "not"
            )
        ]
    }

    private func tell(_ findings: [HealthFinding]) {
        for finding in findings {
            let sign =
                switch finding.severity {
                case .ok: "ok      "
                case .warning: "warning "
                case .problem: "problem "
                }
            print("\(sign) \(finding.subject): \(finding.message)")
            if let fix = finding.fix {
                print("           → \(fix)")
            }
        }
        let problems = findings.count { $0.severity == .problem }
        let warnings = findings.count { $0.severity == .warning }
        print("\(counted(problems, "problem")), \(counted(warnings, "warning"))")
    }
}
